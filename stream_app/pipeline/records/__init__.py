"""The records of every topic, one type per module, with its codec and without logic.

``results``, ``outcome_results``, ``alerts`` and ``evidence`` are what the judge publishes, ``hours`` what it publishes
about hours of areas, ``amounts`` about decisions that are amounts, ``aggregates`` the published counts of a camera,
``journal`` how event time moved, ``checkpoints`` complete states of the judge, ``policies`` every policy by its hash,
``dead_letters`` the rejected records and late events, ``audit`` the entries about exports. ``codec`` turns a record
into bytes and back; ``schema`` is the JSON Schema of each type.
"""
