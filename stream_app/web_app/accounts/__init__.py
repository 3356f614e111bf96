"""Users: their roles, how they come in, and what each may open.

``roles`` names the roles, ``models`` has the one-time links (``migrations`` makes their table and the roles), ``apps``
names it to Django. ``invitations`` makes and redeems links, ``forms`` asks for name and password, ``views`` are the
pages of login and links. ``management`` is what administrators do with users. ``access`` guards every page.
"""
