"""What may be disclosed of the topics, stored with the positions up to which it was read.

``models`` are the tables (``migrations`` makes them), ``apps`` names them to Django. ``store`` writes a run of records
and its position in one transaction, ``verdicts`` keeps the newest verdict of each attribute, ``alert_bodies`` is the
stored form of alerts. ``projector`` reads the topics into it in a thread of its own; ``freshness`` says how current
that is.
"""
