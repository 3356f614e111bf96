"""Sequential tests that run all the time and keep their state."""
