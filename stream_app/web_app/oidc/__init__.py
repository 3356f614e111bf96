"""Login by an OpenID Connect provider, optional: needs the extra ``oidc``.

``client`` reads the settings and asks the provider, ``claims`` checks its token and takes roles from it. ``models``
says which user a person at the provider is (``migrations`` makes the table, ``apps`` names it to Django), ``backend``
logs that user in. ``views`` are the two pages of a login, ``urls`` their addresses beside all others.
"""
