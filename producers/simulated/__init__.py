"""Simulated decisions, outcomes and camera tracks, reproducible by seed.

``loans``, ``credit`` (scores and late outcomes) and ``camera`` are the streams. ``drift`` is the schedule by which they
become unfair, and ``control`` changes it while loans are sent; ``disorder`` makes events late and duplicate, and
``draws`` has the random numbers.
"""
