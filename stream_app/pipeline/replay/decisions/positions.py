"""Where the numbers of one decision are among those of the approved applicants, the most adverse first.

For each feature the *position* is the share of approved decisions with a smaller value, those with an equal one
counted half. Which end is adverse is seen from the data: the one on which denied decisions have their mean. A position
describes how unusual a value is among the approved; it does not say how the model weighs it.

No value of another person can be read from the answer: nothing is shown about fewer than ``k`` decisions, a position
beyond the k-th value is given as that bound, and means are rounded to three digits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
import numpy as np

Side = Literal["low", "high"]
Bound = Literal["at_most", "at_least"]
_DIGITS = 3
_UNBOUNDED: Bound | None = None


class FeaturePosition(msgspec.Struct, frozen=True, kw_only=True):
    """One feature of a decision among those of the approved.

    Attributes:
        feature: Its name.
        value: Its value in this decision; None where it has none.
        position: Share of approved decisions with a smaller value, in [0, 1], rounded to two digits; None where
            ``withheld`` says why.
        bound: ``at_most`` or ``at_least`` where the exact position is beyond the k-th value; None otherwise.
        adverse: The end on which denied decisions have their mean; None where fewer than ``k`` were denied, or the
            means are equal.
        adversity: How far the position is on the adverse end, in [-1, 1]: 1 is the worst, 0 the middle; None without.
        approved_mean: Mean of the approved, rounded to three digits.
        n_approved: Approved decisions with a value.
        withheld: ``few_approved`` or ``no_value``; None where there is a position.
    """

    feature: str
    value: float | int | None
    position: float | None = None
    bound: Bound | None = None
    adverse: Side | None = None
    adversity: float | None = None
    approved_mean: float | None = None
    n_approved: int | None = None
    withheld: Literal["few_approved", "no_value"] | None = None


@dataclass
class Population:
    """The numbers of other decisions, by feature.

    Attributes:
        names: Names of the features.
    """

    names: tuple[str, ...]
    _approved: dict[str, list[float]] = field(default_factory=dict)
    _denied: dict[str, list[float]] = field(default_factory=dict)

    def add(self, features: Mapping[str, Any], *, is_approved: bool) -> None:
        """Add a decision."""
        side = self._approved if is_approved else self._denied
        for name in self.names:
            if (number := number_of(features.get(name))) is not None:
                side.setdefault(name, []).append(number)

    def positions(self, features: Mapping[str, Any], k: int) -> list[FeaturePosition]:
        """Return the position of each feature of a decision, the most adverse first.

        Args:
            features: The features of the decision, which is not among the population.
            k: Fewest decisions about which anything is shown, >= 1.
        """
        found = [self._position(name, features.get(name), k) for name in self.names]
        return sorted(found, key=_order)

    def _position(self, name: str, given: Any, k: int) -> FeaturePosition:
        value = number_of(given)
        if value is None:
            return FeaturePosition(feature=name, value=None, withheld="no_value")
        approved = np.sort(np.array(self._approved.get(name, ()), np.float64))
        n = len(approved)
        if n < k:
            return FeaturePosition(feature=name, value=given, withheld="few_approved")
        below = int(np.searchsorted(approved, value, "left"))
        equal = int(np.searchsorted(approved, value, "right")) - below
        exact = (below + equal / 2) / n
        least, most = k / n, 1 - k / n
        position, bound = exact, _UNBOUNDED
        if exact < least:
            position, bound = least, "at_most"
        elif exact > most:
            position, bound = most, "at_least"
        adverse = self._adverse_end(name, float(approved.mean()), k)
        rounded = round(min(max(position, 0.0), 1.0), 2)
        return FeaturePosition(
            feature=name,
            value=given,
            position=rounded,
            bound=bound,
            adverse=adverse,
            adversity=None if adverse is None else round((1 if adverse == "high" else -1) * (2 * rounded - 1), 2),
            approved_mean=_rounded(float(approved.mean())),
            n_approved=n,
        )

    def _adverse_end(self, name: str, approved_mean: float, k: int) -> Side | None:
        denied = self._denied.get(name, ())
        if len(denied) < k:
            return None
        mean = float(np.mean(denied))
        return None if mean == approved_mean else "low" if mean < approved_mean else "high"


def number_of(value: Any) -> float | None:
    """Return a finite number; None for anything else.

    >>> number_of(3), number_of(True), number_of("3"), number_of(float("nan"))
    (3.0, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # an integer of hundreds of digits
        return None
    return number if math.isfinite(number) else None


def _order(position: FeaturePosition) -> tuple[bool, float, str]:
    adversity = position.adversity
    return adversity is None, -(adversity or 0.0), position.feature


def _rounded(value: float) -> float:
    """Round to three significant digits.

    >>> _rounded(41_234.5), _rounded(0.0)
    (41200.0, 0.0)
    """
    return value if value == 0 else round(value, _DIGITS - 1 - math.floor(math.log10(abs(value))))


def feature_names(every: Iterable[str], *, has_score: bool) -> tuple[str, ...]:
    """Return the names of the numbers of a decision; the score, which the model itself gave, comes last."""
    return (*every, *(("score",) if has_score else ()))
