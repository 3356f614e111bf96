"""The web application: ``pages`` sets it up in this process and opens pages, with the hash of ``quick_hasher``;
``window_results``, ``amount_windows``, ``stored_alerts``, ``camera_counts`` and ``set_aside`` make what they show,
``long_history`` never stops to, ``application`` runs ``fairstream web`` as a person does, ``programs`` use its API with
a token, ``applicants`` ask its scoring model, ``case_steps`` work on cases, and ``provider`` is an OpenID Connect
provider by which people log in, in the steps of ``oidc``.
"""
