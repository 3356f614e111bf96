"""What the web application costs: under load, and with a year of history.

``application`` runs it as operators do, ``peer`` is a trivially small Django application on the same server, ``load``
sends requests at a fixed rate, ``load_command`` compares the two while results arrive. ``history`` writes a year of
results and ``further`` everything else, ``pages`` opens every page, ``history_command`` does both.
"""
