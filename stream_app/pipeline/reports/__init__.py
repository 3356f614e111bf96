"""Compliance bundles: what a pack asks, what is evidence for it, and what follows from the evidence.

``pack`` is the form of a pack file; ``evidence`` is what a command printed, and ``bundle`` a report made of both.
``checks`` judges evidence, ``actions`` says what to do about what is not ok, ``alerts`` finds open breaches, and
``flat`` lists single values.
"""
