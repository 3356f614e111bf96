"""The sequential detectors over a table of counts, without a broker."""
