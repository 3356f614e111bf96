"""Mitigation of a disparity, computed from replayed decisions and never applied here.

``cases`` collects group, label and score of each decision; ``results`` is the answer with the notes that go with it,
and ``summary`` makes it.
"""
