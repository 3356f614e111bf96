"""Cases: an alert opens one, people work on it, and a second person closes it.

``models`` are the tables (``migrations`` makes them), ``apps`` names them to Django. ``opening`` puts alerts into
cases, ``incidents`` opens those that no alert has raised, ``actions`` are what people do, ``rules`` says which of them
is possible when. ``trail`` appends all of it to the audit log.
"""
