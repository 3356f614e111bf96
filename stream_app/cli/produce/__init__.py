"""``fairstream produce``: write simulated or recorded events to a raw topic."""
