"""How the features of two groups differ: means, spreads and standardized differences from exact sums.

A feature is kept as integers ``X = round(x * scale)``: for each group n, ΣX and ΣX². With them the mean is
``ΣX / (n scale)``, the variance ``(n ΣX² - (ΣX)²) / (n (n-1) scale²)``, and Cohen's d::

    d = (mean_a - mean_b) / s,    s² = ((n_a - 1) var_a + (n_b - 1) var_b) / (n_a + n_b - 2)

All is done in Python's integers and fractions and rounded once at the end, so no sum overflows and a small spread
around a great mean is not lost in rounding.

Source: Cohen 1988, Statistical Power Analysis, eq. 2.5.1-2.5.2; Austin 2009, Statistics in Medicine 28, 3083-3107
(|d| < 0.1 is negligible); Stuart 2010, Statistical Science 25, 1-21 (0.25 is large).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from fractions import Fraction
from math import log, sqrt
from statistics import NormalDist
from typing import NamedTuple

import msgspec

_CHANCE = 0.05  # that any of the features of a pair is called different though all of them are alike
_CLEAR_Z = 2.4  # standard errors that a difference needs at least; more where more than three features are compared
_FEW_COMPARED = 3
_NOTICEABLE = Fraction(1, 10)
_LARGE = Fraction(1, 4)


class Moments(NamedTuple):
    """Sums of one feature over one group, in fixed point.

    Attributes:
        n: Values, >= 0; decisions without the feature do not count.
        total: ΣX.
        squares: ΣX².
    """

    n: int
    total: int
    squares: int


class FeatureMoments(NamedTuple):
    """One feature of a pair.

    Attributes:
        name: Its name.
        scale: Fixed point: X = round(x * scale), >= 1.
        group: Sums over the group.
        reference: Sums over the reference group.
    """

    name: str
    scale: int
    group: Moments
    reference: Moments


class Imbalance(enum.StrEnum):
    """How great a standardized difference is."""

    BALANCED = "balanced"  # |d| < 0.1
    NOTICEABLE = "noticeable"  # 0.1 <= |d| < 0.25
    LARGE = "large"  # |d| >= 0.25, or each group has one value of its own


class NoDifference(enum.StrEnum):
    """Why there is no standardized difference."""

    NO_VALUES = "no_values"  # a group has no value of the feature
    TOO_FEW_VALUES = "too_few_values"  # one value in each group: the spread of values is unknown
    CONSTANT = "constant"  # one and the same value everywhere
    SEPARATES = "separates"  # one value in each group, and not the same: d would be infinite


class FeatureDifference(msgspec.Struct, frozen=True, kw_only=True):
    """One feature in the group and in the reference group.

    Attributes:
        feature: Its name.
        n: Values in the group.
        n_reference: Values in the reference group.
        mean: Mean in the group, in the feature's unit; None without values.
        mean_reference: The same in the reference group.
        sd: Standard deviation in the group (n - 1); None with fewer than two values.
        sd_reference: The same in the reference group.
        difference: Mean of the group - mean of the reference; None when one is missing.
        standardized: Cohen's d, the difference in pooled standard deviations; None with a reason.
        imbalance: How great it is; None where that cannot be said.
        reason: Why ``standardized`` is missing.
        is_clear: Whether it is noticeable and more than chance: ``|d| >= max(0.1, z sqrt(1/n_a + 1/n_b))`` with z = 2.4
            for up to three features, more for more; of equal features any is called clear in 5 % of cases at most.
    """

    feature: str
    n: int
    n_reference: int
    mean: float | None
    mean_reference: float | None
    sd: float | None
    sd_reference: float | None
    difference: float | None
    standardized: float | None
    imbalance: Imbalance | None
    reason: NoDifference | None
    is_clear: bool = False


def compare_feature(feature: FeatureMoments, *, n_compared: int = 1) -> FeatureDifference:
    """Compare one feature between the group and the reference group.

    Args:
        feature: Its sums.
        n_compared: Features that are compared, this one among them, >= 1: the more, the more may differ by chance.

    >>> incomes = FeatureMoments("income", 10, Moments(3, 60, 1400), Moments(3, 90, 2900))
    >>> income = compare_feature(incomes)
    >>> income.mean, income.mean_reference, income.sd, income.standardized, income.imbalance.value
    (2.0, 3.0, 1.0, -1.0, 'large')
    """
    group, reference, scale = feature.group, feature.reference, feature.scale
    difference = _difference(group, reference)
    squared = _squared_standardized(group, reference)
    reason = _reason(group, reference)
    return FeatureDifference(
        feature=feature.name,
        n=group.n,
        n_reference=reference.n,
        mean=group.total / (group.n * scale) if group.n else None,
        mean_reference=reference.total / (reference.n * scale) if reference.n else None,
        sd=_standard_deviation(group, scale),
        sd_reference=_standard_deviation(reference, scale),
        difference=None if difference is None else float(difference / scale),
        standardized=None if squared is None else _signed_root(squared, difference or Fraction()),
        imbalance=Imbalance.LARGE if reason is NoDifference.SEPARATES else _imbalance(squared),
        reason=reason,
        is_clear=_is_clear(group, reference, squared, reason, n_compared),
    )


def rank_features(features: Iterable[FeatureMoments]) -> list[FeatureDifference]:
    """Compare features and order them: the most different first, equal ones by name.

    A feature that separates the groups altogether comes first, one that cannot be compared last.
    """
    ranked = sorted(features, key=_rank)
    return [compare_feature(feature, n_compared=len(ranked)) for feature in ranked]


def _rank(feature: FeatureMoments) -> tuple[int, Fraction, str]:
    squared = _squared_standardized(feature.group, feature.reference)
    if squared is not None:
        return 1, -squared, feature.name
    separates = _reason(feature.group, feature.reference) is NoDifference.SEPARATES
    return (0 if separates else 2), Fraction(), feature.name


def _reason(group: Moments, reference: Moments) -> NoDifference | None:
    if not group.n or not reference.n:
        return NoDifference.NO_VALUES
    if group.n == reference.n == 1:
        return NoDifference.TOO_FEW_VALUES
    if _spread(group) or _spread(reference):
        return None
    return NoDifference.SEPARATES if _difference(group, reference) else NoDifference.CONSTANT


def _is_clear(
    group: Moments, reference: Moments, squared: Fraction | None, reason: NoDifference | None, n_compared: int
) -> bool:
    if reason is NoDifference.SEPARATES:
        # Of a value that some have and others do not, the chance that the groups separate is at most twice this one.
        n = group.n + reference.n
        log_chance = log(2) + group.n * log(group.n / n) + reference.n * log(reference.n / n)
        return log_chance <= log(_CHANCE / n_compared)
    if squared is None or squared < _NOTICEABLE**2:
        return False
    z = _CLEAR_Z if n_compared <= _FEW_COMPARED else _student(1 - _CHANCE / 2 / n_compared, group.n + reference.n - 2)
    return float(squared) >= z * z * (1 / group.n + 1 / reference.n)


def _student(level: float, degrees: int) -> float:
    """Return a quantile of Student's distribution, to the first order in ``1 / degrees`` (Fisher 1925)."""
    z = NormalDist().inv_cdf(level)
    return z * (1 + (z * z + 1) / (4 * degrees))


def _difference(group: Moments, reference: Moments) -> Fraction | None:
    """Return the difference of means in fixed-point units."""
    if not group.n or not reference.n:
        return None
    return Fraction(group.total, group.n) - Fraction(reference.total, reference.n)


def _spread(moments: Moments) -> int:
    """Return n² times the mean squared distance from the mean; 0 when all values are equal."""
    return moments.n * moments.squares - moments.total * moments.total


def _squared_standardized(group: Moments, reference: Moments) -> Fraction | None:
    difference = _difference(group, reference)
    if difference is None or _reason(group, reference) is not None:
        return None
    squares = Fraction(_spread(group), group.n) + Fraction(_spread(reference), reference.n)
    return difference * difference * (group.n + reference.n - 2) / squares


def _standard_deviation(moments: Moments, scale: int) -> float | None:
    if moments.n <= 1:
        return None
    return sqrt(Fraction(_spread(moments), moments.n * (moments.n - 1) * scale * scale))


def _signed_root(squared: Fraction, sign: Fraction) -> float:
    return sqrt(squared) if sign >= 0 else -sqrt(squared)


def _imbalance(squared: Fraction | None) -> Imbalance | None:
    if squared is None:
        return None
    if squared < _NOTICEABLE**2:
        return Imbalance.BALANCED
    return Imbalance.NOTICEABLE if squared < _LARGE**2 else Imbalance.LARGE
