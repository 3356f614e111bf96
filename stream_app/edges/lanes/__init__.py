"""The exactly-once engine. A lane is one stream task: everything between one source partition and its effects.

``transport`` is the Faust transport that delivers runs of records, and ``runs`` unpacks a run from a fetch response;
``confluent_transport`` does the same with the new group protocol, which no worker uses yet.
``lane`` takes the runs of one partition through its step and commits, ``lane_contract`` is what it needs of the world.
``transaction_writer`` writes its transactions,
and ``changelog`` reads its state back; ``log_position`` decides where it continues in a log that may be another one by
now, into which ``log_probe`` looks. ``assigned_lanes`` opens, closes and reloads the lanes of one worker, and
``progress`` says whether they move; ``policy_registry`` is what all workers agree on.
"""
