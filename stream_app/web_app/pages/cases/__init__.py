"""The pages of cases.

``case_list`` lists them, ``case_page`` shows one and ``case_form`` changes it. ``timeline`` says in words what has
happened to a case, ``visible`` which cases the policy shows, ``export`` writes one as a file. ``case_of_alert`` leads
from a notification to its case.
"""
