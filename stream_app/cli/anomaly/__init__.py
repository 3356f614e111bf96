"""``fairstream anomaly``: ``fit`` fits the reference that anomaly tags compare events with."""
