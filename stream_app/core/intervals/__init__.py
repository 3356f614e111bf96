"""Confidence intervals and confidence sequences of rates, gaps and ratios.

``intervals`` are for one window and a single look, ``interval_ends`` their arithmetic over arrays, ``exact_tails`` the
interval for promises far in the tail;
``confidence_sequence`` is valid under continuous monitoring, ``mixture`` the evidence that it inverts; ``roots`` solves
for the ends of both. ``ratio_of_means`` is the interval for a ratio of two means of numbers that are no counts;
``amount_means`` and ``amount_quantiles`` are those of amounts in bins, and ``student`` has the quantiles of t.
"""
