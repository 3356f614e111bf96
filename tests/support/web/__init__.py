"""The web application: ``pages`` sets it up in this process and opens pages, with the hash of ``quick_hasher``;
``window_results`` makes what they show, ``provider`` is an OpenID Connect provider by which people log in, and
``application`` runs ``fairstream web`` as a person does.
"""
