"""The bets of the e-detectors: alternatives, blocks and their e-values."""
