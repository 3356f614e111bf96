"""From the bytes of one Kafka record to a validated event, or a reason why not."""
