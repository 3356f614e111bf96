"""The worker process: the Faust app, its lanes, metrics and restarts.

``serve`` is a worker with its metrics endpoint; ``run`` runs the app and restarts it when the broker is back; ``app``
builds the Faust app; ``lane_builder`` makes the lane of each source partition under the policy that
``agreed_policy`` found, with the seals of ``record_key``, and ``observer`` passes what the lanes report to metrics and
logs. ``topic_watch`` notices partitions that are added and topics that are created again, ``connection_watch`` says why
Kafka rejects the worker, and ``key_watch`` pseudonym keys that are added or destroyed.
"""
