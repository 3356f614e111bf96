"""A real Kafka broker on this machine, without containers.

``broker`` starts and stops the node, ``jars`` fetches Apache Kafka once, ``java`` finds a Java runtime.
"""
