"""The rules that detectors watch."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass


class Kind(enum.StrEnum):
    """How two rates are compared."""

    RATIO = "ratio"
    GAP = "gap"


@dataclass(frozen=True)
class Rule:
    """What is held to be true until the evidence says otherwise; a is the group that may be harmed.

    RATIO: ``p_a >= limit * p_b``. GAP: ``p_a >= p_b - limit``. Harm to b is the same rule with a and b swapped.

    Attributes:
        kind: Ratio or gap.
        limit: Lowest ratio permitted, > 0, or widest gap permitted, in [0, 1).

    Raises:
        ValueError: The limit lies outside its range.

    >>> Rule(Kind.RATIO, 0.8)  # the four-fifths rule
    Rule(kind=<Kind.RATIO: 'ratio'>, limit=0.8)
    """

    kind: Kind
    limit: float

    def __post_init__(self) -> None:
        fits = self.limit > 0 if self.kind is Kind.RATIO else 0 <= self.limit < 1
        if not (fits and math.isfinite(self.limit)):
            raise ValueError(f"no limit of a {self.kind} rule: {self.limit}")
