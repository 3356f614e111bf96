"""The limits of a policy as exact numbers."""

from __future__ import annotations

from stream_app.core.fairness.pairs import Thresholds
from stream_app.policy import ModelPolicy


def thresholds_of(model: ModelPolicy) -> Thresholds:
    """Return the rules of a model as exact numbers."""
    rules = model.rules
    return Thresholds.from_decimals(rules.min_disparate_impact_ratio, rules.max_gap, rules.min_n)
