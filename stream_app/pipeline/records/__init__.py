"""The records of every topic, one type per module, with its codec."""
