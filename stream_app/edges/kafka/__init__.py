"""Kafka outside the lanes: topic administration, plain readers and writers, and a local broker.

``admin`` creates topics and compares them with their declaration; ``partition_counts`` counts partitions without
blocking the worker's event loop; ``rights`` asks which access rights a user has. ``topic_metadata`` asks for a running
worker which log each partition is now, with the requests of ``metadata_request``. ``readers`` has the plain readers.
``deployment`` lists and deletes what belongs to one deployment. ``audit_topic`` appends to the audit topic,
``checkpoint_topic`` to that of signed checkpoints, both as a ``safe_topic``, and ``republish`` copies a time range of a
topic to another one.
``local`` runs a real broker on this machine.
"""
