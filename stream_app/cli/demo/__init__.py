"""``fairstream demo``: a whole installation on this machine."""
