"""Words of other languages and abbreviations, with the English words that the rules know; without accents."""

from __future__ import annotations

FOREIGN = """
vorname=first name, nachname=last name, familienname=last name, geburtsdatum=birth date,
geburtstag=birth date, kennzeichen=license plate, telefonnummer=phone number, telefon=phone,
handynummer=phone number, anschrift=address, strasse=street address, hausnummer=street address,
plz=postal code, postleitzahl=postal code, geschlecht=gender, gesicht=face,
gesichtsmerkmale=face features, konfession=religion, gehalt=salary, einkommen=income, alter=age,
kundennummer=customer id, kontonummer=account number, steuernummer=tax id,
personalausweisnummer=identity card number, ausweisnummer=identity card number,
staatsangehorigkeit=nationality, familienstand=marital status, bemerkung=remarks, ethnische=ethnic,
herkunft=origin, krankheit=illness, passwort=password, bewerber=applicant, antragsteller=applicant,
prenom=first name, nom=name, famille=family, naissance=birth, plaque=plate,
immatriculation=registration, courriel=email, adresse=address, visage=face, salaire=salary,
telephone=phone, numero=number, nombre=name, apellido=last name, apellidos=last name,
matricula=license plate, fecha=date, nacimiento=birth, correo=email, electronico=address,
direccion=address, telefono=phone, rostro=face, cara=face, sexo=sex, raza=race, edad=age,
dni=national id, nome=name, sobrenome=last name, cognome=last name, nascimento=birth, data=data,
endereco=address, telefone=phone, idade=age, cpf=national id, placa=plate, targa=license plate,
codice=code, fiscale=tax, indirizzo=address, volto=face, nascita=birth, kenteken=license plate,
achternaam=last name, voornaam=first name, naam=name, geboortedatum=birth date, geslacht=gender,
bsn=national id, leeftijd=age, imie=name, nazwisko=last name, pesel=national id, soyad=last name,
plaka=plate, adres=address, имя=first name, фамилия=last name, отчество=middle name, телефон=phone,
адрес=address, паспорт=passport, пол=sex, 姓名=full name, 车牌号=license plate, 车牌=license plate,
身份证号=national id, 身份证=national id, 手机号=phone number, 电话=phone, 地址=address, 性别=gender,
氏名=full name, 生年月日=birth date, 電話番号=phone number, 住所=address, 이름=name,
lpr=license plate recognition, anpr=license plate recognition, dob=birth date,
ssn=social security number, lat=latitude, lon=longitude, lng=longitude, identifier=id, guid=id,
uuid=id, amt=amount, cnt=count, emb=embedding, cust=customer, nm=name, fname=first name,
lname=last name, ph=phone, tin=tax id, nif=national id, uid=id, img=image, pic=picture, pict=picture,
acct=account, appl=applicant, empl=employee, emp=employee, subj=subject, rue=street, codigo=code,
completo=complete, securite=security, sociale=social, seguridad=security, civil=marital,
estado=status, ingresos=income, revenu=income, stipendio=salary, cliente=customer, kunde=customer,
empleado=employee, clienti=customer, mitarbeiter=employee, persona=person, personne=person,
vehiculo=vehicle, vehicule=vehicle, fahrzeug=vehicle, foto=photo, bild=image, imagen=image,
huella=fingerprint, empreinte=fingerprint, fingerabdruck=fingerprint, ort=city, strase=street,
nationalite=nationality, nacionalidad=nationality, nazionalita=nationality, salario=salary,
loon=salary, ras=race, godsdienst=religion, religione=religion, religiao=religion, gezondheid=health,
gesundheit=health, sante=health, salud=health, fiscal=tax, steuer=tax, nummer=number, namen=name,
tel=phone, addr=address, pwd=password, sexe=sex, bbox=bounding box, reid=reidentification,
zip=postal code, zipcode=postal code, mail=email, mobile=phone, cellphone=phone,
firstname=first name, lastname=last name, username=user name, numberplate=number plate,
topleftx=left
"""

# Words that may be joined without a mark between them, and longer ones that begin like one of them.
KNOWN = """
account address age api applicant application auth bank birth borrower bounding box candidate card client code
contact cookie customer data date device driver email employee face first full gender holder id identity image
key last latitude license license loan longitude member middle mobile name number object of owner passport
patient person phone photo plate point postal race racecar racetrack reference religion security social
soundtrack street subject tax text token track user vehicle visitor
"""
