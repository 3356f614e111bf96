"""The web application: Django on uvicorn, needs the extra ``web``.

``program`` prepares and runs it. ``host`` is the foundation: Django's settings, database, secret key and limits of
requests. ``accounts`` has users, roles and one-time links, ``projection`` stores what may be disclosed of the topics,
``cases`` is the work on alerts, ``policies`` that on drafts of policies, ``pages`` shows it all. Everything but
``program`` and ``host`` can be imported only after ``host.django`` was configured.
"""
