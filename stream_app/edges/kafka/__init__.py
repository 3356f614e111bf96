"""Kafka as seen by people: a local broker, topics, plain readers."""
