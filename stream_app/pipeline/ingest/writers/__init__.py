"""What ingest writes, one writer for each kind of record.

``events`` writes the pseudonymized events, ``notices`` the dead letters and late notices, ``outcome_join`` the
decisions and outcomes for the topic in which they meet.
"""
