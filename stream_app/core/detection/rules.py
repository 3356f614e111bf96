"""The rules that detectors watch."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass


class RuleKind(enum.StrEnum):
    """How two rates are compared."""

    RATIO = "ratio"
    GAP = "gap"


@dataclass(frozen=True)
class RateRule:
    """What is held to be true until the evidence says otherwise; a is the group that may be harmed.

    RATIO: ``p_a >= limit * p_b``. GAP: ``p_a >= p_b - limit``. Harm to b is the same rule with a and b swapped.

    Attributes:
        kind: Ratio or gap.
        limit: Lowest ratio permitted, > 0, or widest gap permitted, in [0, 1).

    Raises:
        ValueError: The limit lies outside its range.

    >>> RateRule(RuleKind.RATIO, 0.8)  # the four-fifths rule
    RateRule(kind=<RuleKind.RATIO: 'ratio'>, limit=0.8)
    """

    kind: RuleKind
    limit: float

    def __post_init__(self) -> None:
        fits = self.limit > 0 if self.kind is RuleKind.RATIO else 0 <= self.limit < 1
        if not (fits and math.isfinite(self.limit)):
            raise ValueError(f"no limit of a {self.kind} rule: {self.limit}")
