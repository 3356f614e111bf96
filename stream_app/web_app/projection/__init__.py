"""What may be disclosed of the topics, stored with the positions up to which it was read.

``models`` are the tables (``migrations`` makes them), ``apps`` names them to Django. ``store`` writes a run of records
and its position in one transaction, ``verdicts`` keeps the newest verdict of each attribute, ``alert_bodies`` is the
stored form of alerts, ``camera_windows`` that of published counts; ``record_counts`` counts rejected and late records,
of which ``quality`` says what may be shown; ``thinned`` applies the rule of what is kept to all. ``projector`` reads
the topics into it in threads of its own, and lets others write by ``turns``; ``freshness`` says how current that is.
"""
