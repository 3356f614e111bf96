"""The web application: Django on uvicorn, needs the extra ``web``.

``program`` prepares and runs it. ``host`` is the foundation: Django's settings, database, secret key and limits of
requests. ``accounts`` has users, roles and one-time links, ``projection`` stores what may be disclosed of the topics,
``pages`` shows it; ``demo`` is the page that only a demo has, ``oidc`` the login by a provider. Everything but
``program`` and ``host`` can be imported only after ``host.django`` was configured.
"""
