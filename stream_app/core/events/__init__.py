"""From the bytes of one Kafka record to a checked event, or to the reason for its rejection.

``schema`` compiles the decoder from declared fields; ``strict_json`` rejects JSON that parsers read in different ways;
``encoding`` checks UTF-8; ``identifiers`` gives each identifier one canonical form; ``reasons`` is the closed set of
dead-letter reasons, and ``classify`` assigns one of them to a record that the decoder rejected. ``clusters`` puts what
decisions depend on one another by into buckets. ``formats`` turns records of a schema registry into JSON,
``cameras`` those of cameras.
"""
