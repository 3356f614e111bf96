"""The web application: Django on uvicorn, needs the extra ``web``.

``program`` prepares and runs it, ``tokens`` administers the tokens of programs, ``incidents`` opens cases from
commands. ``host`` is the foundation: Django's settings, database, secret key and limits of requests. ``accounts`` has
users, roles and one-time links, ``projection`` stores what may be disclosed of the topics, and ``history`` bounds what
is kept of it; ``cases`` is the work on alerts, ``policies`` that on drafts of policies, ``replays`` runs what people
compare and verify over a period. ``pages`` shows it all to people, ``api`` to programs; ``routes`` has the addresses of
both. ``demo`` is the page that only a demo has, ``oidc`` the login by a provider. Everything but ``program``,
``tokens``, ``incidents`` and ``host`` can be imported only after ``host.django`` was configured.
"""
