"""``fairstream detect``: sequential detectors over a file of counts."""
