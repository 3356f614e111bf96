"""Mitigation of a disparity, computed from replayed decisions and never applied here.

``cases`` collects group, label, score and features of each decision; ``results`` is the answer with the notes that go
with it. ``summary`` computes weights and cuts. ``further`` is what else may be wanted: ``repairs`` of features, models
from ``fitting``, and the ``trade_off`` between disparity and what it costs to lessen it. ``release`` decides which
groups and cuts may be shown.
"""
