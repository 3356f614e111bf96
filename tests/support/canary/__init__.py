"""The search for a canary: a random marker in what must not leave the raw topics.

``records`` carry it, ``stage`` runs a worker on them, ``commands`` are those that print and export, ``web_search``
looks for it in the web application.
"""
