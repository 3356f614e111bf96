"""Reads what is inspected for personal data: ``sample_file`` schema, JSON or CSV, ``sample_topic`` records of Kafka."""
