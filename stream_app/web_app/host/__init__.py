"""The foundation of the web application.

``django`` makes Django's settings from those of the process; ``database`` reads the address of the database and
``database_faults`` says what is wrong with it, ``secret_key`` keeps the key of sessions. ``headers`` adds the headers
of security to each answer, ``limits`` bounds size and time of requests, ``api_errors`` are the JSON errors of the API,
``server`` runs uvicorn, ``request_threads`` let Django answer, ``garbage`` keeps pauses short. ``audit_trail`` appends
what people do to the audit log.
"""
