"""Options that several commands share, as frozen dataclasses and single annotated types.

``expand`` turns a function that takes such dataclasses into one that takes their options; ``settings`` has broker,
policy, state folder and ``--json``; ``security`` has TLS and SASL, ``web`` who may read pages; ``selection`` has model,
attribute, time range and source topic; ``sending`` has destination, timing and disorder of the streams of
``fairstream produce``, ``columns`` reads the names of columns.
"""
