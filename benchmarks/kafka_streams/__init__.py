"""The job on Kafka Streams: a Java program, and ``build``, which compiles it."""
