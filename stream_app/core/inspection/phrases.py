"""The phrases by which names of fields are recognized, by kind, and the words that may stand around them.

A phrase that begins with ``=`` needs a word for a person or a vehicle before it, or nothing; one that begins with ``*``
may be followed by any words.
"""

from __future__ import annotations

PHRASES = """
plate: license plate | number plate | plate number | vehicle registration | license plate recognition |
    =plate | vehicle license | plate immatriculation | registration plate | plate registration
biometric: *fingerprint | *voiceprint | *faceprint | *biometric | face landmark | face embedding |
    face features | face feature vector | face vector | facial features | face id | face template |
    face print | faceprint | iris code | iris scan | retina scan | gait | gait signature | keypoints |
    pose | skeleton | reidentification feature | reidentification vector | object signature | palm print |
    body embedding | person embedding | landmarks
emotion: =expression face | facial expression | face expression | emotion | mood | face sentiment | smile |
    face sentiment label | human face expression
ethnicity: *ethnic | *ethnicity | *racial | =race | ethnicity | ethnic origin | ethnic group | skin tone |
    skin color | complexion | derived race | race ethnicity
religion: *religion | *religious | religious belief | hijab | faith | denomination
health: *disability | *medical | *pregnancy | *allergy | *vaccination | health | disability status |
    face mask | face accessory mask | face temperature | skin temperature | body temperature |
    disability | disabled person | pregnant | illness | diagnosis | medical condition | medical history |
    health status | health condition | blood type | sick days | smoker | medication
orientation: *sexual | sexual orientation | sex life | sexuality
politics: *political | political affiliation | political party | political opinion | union membership |
    trade union | union member
conviction: *criminal | felony | criminal record | convictions | conviction | criminal history | arrests |
    offences | offenses
person_name: first name | last name | full name | family name | given name | middle name | maiden name | sur name |
    surname | forename | nick name | display name | user name | legal name | birth name | contact name |
    =name | name family | name given | additional name | complete name | name complete | name usage |
    name usual | name birth | sub label | linkedin profile | linkedin url | twitter handle |
    facebook profile | instagram handle | github username
email: email | email address | e mail | email contact
phone: phone | phone number | fax number | cell number | msisdn | number phone | whatsapp | =mobile number
national_id: security social | number security social | id tax | tax number | number tax | social security number |
    social security | national id | tax id | passport | passport number | identity card number |
    identity card | driver license | driver license number | drivers license | national insurance | nin |
    itin | code tax | aadhaar
payment: debtor account identification | account identification | =iban | iban | card number | credit card |
    credit card number | account number | bank account | bank account number | pan | cvv | sort code |
    routing number
device_id: device fingerprint | browser fingerprint | mac address | wifi mac | =mac | bssid | imei | imsi |
    idfa | gaid | advertising id | ad id | cookie id | cookie | android id
ip_address: forwarded for | ip address | client ip | remote address | source ip | peer ip | user ip | =ip |
    remote addr | ip addr
track_id: track id | tracker id | object track id | tracking id | =object id | tracklet id | track uuid |
    object uuid
address: street address | home address | mailing address | postal address | residential address | street |
    address line | billing address | address street | =address
image: =image | snapshot | =crop | thumbnail | face image | photo | picture | video path | video url |
    image data | image ref | selfie | headshot | mugshot | portrait | jpeg | face crop
credential: password | passwd | api key | auth token | session token | bearer token | id token | access token |
    refresh token | secret key | private key | client secret | pin code
location: latitude | longitude | gps | geo location | geolocation | gps coordinates | coordinates | geohash |
    geo point | gps position | trajectory | path data | geo
box: bounding box | =box | center of gravity | centroid
birth_date: birth date | date birth | birthday | year birth | birth year | date of birth | year of birth |
    birthdate | data birth
age: age range | =age | age year | graduation year | age band | age group
demographic: children | family status | veteran status | pronouns | languages spoken | languages spoken at home |
    gender | =sex | marital status | nationality | citizenship | dependents | number of dependents |
    veteran | country of birth | place of birth | birth place | status marital | native language |
    mother tongue
postal_code: code postal | census tract | postal code | post code | postcode
appearance: clothing | appearance color | upper clothing | lower clothing | clothing colors | hair color |
    eye color | hair | apparel | human body height | body height | beard | tattoo | scar | glasses
finance: compensation | debt to income ratio | income | salary | credit score | credit score type | net worth |
    wage | account balance | annual income
free_text: resume text | cv text | feedback | notes | comment | comments | remarks | cover letter | free text |
    feedback text | =message text | biography
"""

# Who or what a bare ``name``, ``plate`` or ``age`` may be about.
PERSONS = """
agent applicant author body borrower candidate car child citizen client co coborrower contact cosigner creditor
customer debtor doctor driver employee face father founder gallery guarantor guest head holder human interviewer
lead manager member mother nurse offender officer operator owner parent partner passenger patient people person
recipient recruiter referee resident reviewer sender skin spouse staff student subject suspect teacher tenant
truck underwriter user vehicle victim visitor witness worker
"""

# Further words that may precede such a phrase.
LEADING = """
current derived eeoc joint observed recognized reported
"""

# Words that may follow a phrase.
NEUTRAL = """
1 2 3 4 5 64 b c code content country da data de declared di display do du el en f field hash hashed high home
id ids in key la line low main masked message no nr num number observed of path plain primary private raw
recognized ref region reported secondary state string style text token total uri url value values vector wear
work x y
"""

# A name that begins with one of these is about the number or presence of a thing.
COUNTING = """
average avg count enable has have max mean min n num require requires show total totals
"""

# A name that ends in one of these is about a property of the field.
ABOUT = """
completed confidence count detected enabled format height likelihood policy required score size status training
version width
"""

# Who an id identifies: ``<subject> <id word>`` is a phrase of ``subject_id``.
SUBJECTS = """
account applicant application borrower candidate cardholder case citizen claim client customer debtor driver
employee guest loan member owner passenger patient person policyholder student subject subscriber tenant user
visitor voter
"""

# Words for an id.
ID_WORDS = """
id key no nr number ref reference
"""
