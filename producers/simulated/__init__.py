"""Simulated decisions, outcomes, amounts, camera tracks and hours of patrols, reproducible by seed.

``loans``, ``credit`` (scores and late outcomes) and ``camera`` are the streams, ``applications`` are tables, and
``cameras`` the frames of cameras (``shots``) as vendors write them (``vendor_frames``, ``onvif_frames``), ``hours`` has
the hours of patrols, ``amounts`` interest rates. ``drift`` is the schedule by which they become unfair, and ``control``
changes it while loans are sent; ``disorder`` makes events late and duplicate, and ``draws`` has the random numbers.
"""
