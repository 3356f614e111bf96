"""Simulated decisions, outcomes and camera tracks, reproducible by seed.

``loans``, ``credit`` (scores and late outcomes) and ``camera`` are the streams, ``applications`` are tables. ``drift``
is the schedule by which they become unfair, ``disorder`` makes events late and duplicate, and ``draws`` has the random
numbers.
"""
