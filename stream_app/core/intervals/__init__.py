"""Confidence intervals and confidence sequences of rates, gaps and ratios.

``intervals`` are for one window and a single look, ``interval_ends`` their arithmetic over arrays;
``confidence_sequence`` is valid under continuous monitoring; ``roots`` solves for the ends of both.
"""
