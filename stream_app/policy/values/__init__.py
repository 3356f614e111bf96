"""The values of records: which fields have labels, and how values are read, by ingest and for CSV files alike.

``labeled`` declares attributes and segments, and ``label_checks`` checks how their labels fit together; ``proxies`` are
attributes that are known by probabilities only. ``times`` reads one time and says why another is none; ``time_columns``
reads a column of them in one pass. ``bands`` names bands of numbers, and finds the one of a number or of a date of
birth. ``look_alikes`` finds the label that an unlisted spelling was meant to be. ``cameras`` says what a policy of
records of cameras must be like, ``clusters`` where the cluster of a decision may be read, ``headers`` which fields
are headers of the Kafka record, and whether paths lead anywhere. ``auditor_keys`` reads the public keys to
which alerts are sealed. ``anomalies`` declares tags for events that are unlike those of a reference.
"""
