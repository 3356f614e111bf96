"""The job on Kafka Streams: a Java program, and what builds it."""
