"""The rules that detectors test."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass


class RuleKind(enum.StrEnum):
    """How a detector compares two rates, whatever the rates are shares of.

    The limits of a policy, each on a share of its own, are ``pipeline.records.evidence.LimitKind``.
    """

    RATIO = "ratio"
    GAP = "gap"


@dataclass(frozen=True)
class RateRule:
    """What is taken to be true until the evidence is against it; a is the group that may be harmed.

    RATIO: ``p_a >= limit * p_b``. GAP: ``p_a >= p_b - limit``. Harm to b is the same rule with a and b swapped.

    Attributes:
        kind: Ratio or gap.
        limit: Lowest ratio permitted, > 0, or widest gap permitted, in [0, 1).

    Raises:
        ValueError: The limit is out of range.

    >>> RateRule(RuleKind.RATIO, 0.8)  # the four-fifths rule
    RateRule(kind=<RuleKind.RATIO: 'ratio'>, limit=0.8)
    """

    kind: RuleKind
    limit: float

    def __post_init__(self) -> None:
        fits = self.limit > 0 if self.kind is RuleKind.RATIO else 0 <= self.limit < 1
        if not (fits and math.isfinite(self.limit)):
            raise ValueError(f"invalid limit of a {self.kind} rule: {self.limit}")
