"""Applications that need no broker: the detectors over a file of counts."""
