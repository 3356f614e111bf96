"""The web application: ``pages`` sets it up in this process and opens pages, ``window_results`` makes what they show,
``application`` runs ``fairstream web`` as a person does. ``programs`` use its API with a token, ``applicants`` ask its
scoring model.
"""
