"""The limits of a policy as exact numbers."""

from __future__ import annotations

from functools import lru_cache

from stream_app.core.groups.comparison import RuleLimits
from stream_app.policy import ModelPolicy


def limits_of(model: ModelPolicy) -> RuleLimits:
    """Return the rules of a model as exact numbers."""
    rules = model.rules
    return _exact(rules.min_disparate_impact_ratio, rules.max_gap, rules.min_n)


@lru_cache(maxsize=64)  # called for each row of each window
def _exact(min_disparate_impact_ratio: float, max_gap: float, min_n: int) -> RuleLimits:
    return RuleLimits.from_decimals(min_disparate_impact_ratio, max_gap, min_n)
