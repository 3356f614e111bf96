"""The limits of a policy as exact numbers."""

from __future__ import annotations

from functools import lru_cache

from stream_app.core.fairness.pairs import Thresholds
from stream_app.policy import ModelPolicy


def thresholds_of(model: ModelPolicy) -> Thresholds:
    """Return the rules of a model as exact numbers."""
    rules = model.rules
    return _exact(rules.min_disparate_impact_ratio, rules.max_gap, rules.min_n)


@lru_cache(maxsize=64)  # asked for each row of each window
def _exact(min_disparate_impact_ratio: float, max_gap: float, min_n: int) -> Thresholds:
    return Thresholds.from_decimals(min_disparate_impact_ratio, max_gap, min_n)
