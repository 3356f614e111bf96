"""The records of every topic, one type per module, with its codec and without logic.

``results``, ``outcome_results``, ``alerts``, ``restarts`` and ``evidence`` are what the judge publishes, ``aggregates``
the published counts of a camera, ``journal`` how event time moved, ``policies`` every policy by its hash,
``dead_letters`` the rejected records and late events, ``audit`` the entries about exports. ``codec`` turns a record
into bytes and back; ``schema`` is the JSON Schema of each type.
"""
