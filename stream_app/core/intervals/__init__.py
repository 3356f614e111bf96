"""Confidence intervals and confidence sequences of rates, gaps and ratios."""
