"""The amounts of groups compared with those of their references: means, quantiles, differences and a ratio.

Differences are group less reference, in the unit of the amounts: whether more is better for a person is not known here.
Intervals are for one window and a single look (``core.intervals.amount_means``, ``core.intervals.amount_quantiles``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from stream_app.core.amounts.counts import AmountCounts
from stream_app.core.amounts.scale import AmountScale
from stream_app.core.arrays import Floats
from stream_app.core.groups.comparison import Reason
from stream_app.core.intervals.amount_means import CONFIDENCE, Ends, difference_ends, mean_ends, ratio_ends
from stream_app.core.intervals.amount_quantiles import Quantiles, quantiles_of
from stream_app.core.intervals.intervals import missing_group

QUANTILES = (0.1, 0.5, 0.9)
_Value = TypeVar("_Value")


class Measured(NamedTuple):
    """A value and its interval; None where there is none.

    Attributes:
        value: What the decisions show.
        lower: Lower end.
        upper: Upper end; None where a large one is not ruled out.
    """

    value: float | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class QuantileComparison:
    """A quantile of both groups.

    Attributes:
        q: Which one, in (0, 1).
        group: That of the group.
        reference: That of its reference.
        difference: The one less the other.
    """

    q: float
    group: Measured
    reference: Measured
    difference: Measured


@dataclass(frozen=True)
class AmountComparison:
    """The amounts of a group beside those of its reference.

    Attributes:
        n: Decisions about the group.
        n_reference: Decisions about its reference.
        mean: Mean amount of the group.
        mean_reference: Mean amount of its reference.
        difference: Difference of the means.
        ratio: Ratio of the means; nothing where amounts may be negative, or where the mean of the reference is 0.
        quantiles: The quantiles that were requested, in that order.
        reason: Why nothing is compared; None where both groups have decisions.
    """

    n: int
    n_reference: int
    mean: Measured
    mean_reference: Measured
    difference: Measured
    ratio: Measured
    quantiles: tuple[QuantileComparison, ...]
    reason: Reason | None


class AmountsAlone(NamedTuple):
    """The amounts of a group that is compared with none.

    Attributes:
        mean: Mean amount.
        quantiles: The quantiles that were requested, in that order.
    """

    mean: Measured
    quantiles: tuple[Measured, ...]


class _Sides(NamedTuple):
    """One value of groups, of their references and of the differences, as shares of the range."""

    group: Quantiles
    reference: Quantiles
    difference: Quantiles


def compare_amounts(
    scale: AmountScale,
    group: AmountCounts,
    reference: AmountCounts,
    quantiles: Sequence[float] = QUANTILES,
    confidence: float = CONFIDENCE,
) -> list[AmountComparison]:
    """Compare the amounts of groups with those of their references.

    Args:
        scale: The range of the amounts.
        group: Counts of groups, shape (pairs, bins).
        reference: Those of their references, likewise.
        quantiles: Which quantiles, each in (0, 1).
        confidence: Of each interval, in (0, 1).

    >>> scale = AmountScale(2.0, 10.0, 4)
    >>> women = AmountCounts(np.array([[0, 10, 20, 10]]), np.array([[0, 10 * 196608, 20 * 327680, 10 * 458752]]))
    >>> men = AmountCounts(np.array([[10, 20, 10, 0]]), np.array([[10 * 65536, 20 * 196608, 10 * 327680, 0]]))
    >>> [pair] = compare_amounts(scale, women, men, [0.5])
    >>> pair.mean.value, pair.mean_reference.value, [round(value, 2) for value in pair.difference]
    (7.0, 5.0, [2.0, 1.06, 2.75])
    >>> [round(value, 2) for value in pair.ratio], [round(value, 2) for value in pair.quantiles[0].difference]
    ([1.4, 1.19, 1.6], [2.0, 0.0, 4.0])
    """
    differences = _differences(group, reference, confidence)
    ratios = _ratios(scale, group, reference, confidence)
    both = AmountCounts(np.stack([group.n, reference.n]), np.stack([group.sums, reference.sums]))
    by_quantile = [_compared_quantiles(scale, both, q, confidence) for q in quantiles]
    rows = zip(
        group.total_n.tolist(),
        reference.total_n.tolist(),
        *_in_amounts(scale, differences),
        map(_ratio, *(values.tolist() for values in ratios)),
        _rows(by_quantile, len(group.n)),
        strict=True,
    )
    return [
        AmountComparison(n, n_ref, mean, mean_ref, difference, ratio, of_quantiles, missing_group(n, n_ref))
        for n, n_ref, mean, mean_ref, difference, ratio, of_quantiles in rows
    ]


def amounts_alone(
    scale: AmountScale, counts: AmountCounts, quantiles: Sequence[float] = QUANTILES, confidence: float = CONFIDENCE
) -> list[AmountsAlone]:
    """Return the amounts of groups, the same as ``compare_amounts`` says of them bit for bit.

    Args:
        scale: The range of the amounts.
        counts: Counts of groups, shape (groups, bins).
        quantiles: Which quantiles, each in (0, 1).
        confidence: Of each interval, in (0, 1).

    >>> scale = AmountScale(2.0, 10.0, 4)
    >>> counts = AmountCounts(np.array([[0, 10, 0, 0]]), np.array([[0, 10 * 196608, 0, 0]]))
    >>> [women] = amounts_alone(scale, counts, [0.5])
    >>> women.mean.value, women.quantiles[0].value
    (5.0, 5.0)
    """
    means = _of_groups(scale, Quantiles(counts.means(), *mean_ends(counts, confidence)))
    columns = [_of_groups(scale, quantiles_of(counts, q, confidence)) for q in quantiles]
    return [AmountsAlone(*row) for row in zip(means, _rows(columns, len(means)), strict=True)]


def _compared_quantiles(
    scale: AmountScale, both: AmountCounts, q: float, confidence: float
) -> list[QuantileComparison]:
    sides = _in_amounts(scale, _quantiles(both, q, confidence))
    return [QuantileComparison(q, *row) for row in zip(*sides, strict=True)]


def _rows(columns: Sequence[Sequence[_Value]], n: int) -> list[tuple[_Value, ...]]:
    """Return the rows of some columns; of none, empty ones."""
    return list(zip(*columns, strict=True)) if columns else [()] * n


def _differences(group: AmountCounts, reference: AmountCounts, confidence: float) -> _Sides:
    means = group.means(), reference.means()
    return _Sides(
        Quantiles(means[0], *mean_ends(group, confidence)),
        Quantiles(means[1], *mean_ends(reference, confidence)),
        Quantiles(means[0] - means[1], *difference_ends(group, reference, confidence)),
    )


def _quantiles(both: AmountCounts, q: float, confidence: float) -> _Sides:
    """Return a quantile of groups and of their references, shape (2, pairs, bins)."""
    group, reference = _each(quantiles_of(both, q, confidence))
    a, b = _each(quantiles_of(both, q, (1 + confidence) / 2))
    return _Sides(group, reference, Quantiles(a.values - b.values, a.lower - b.upper, a.upper - b.lower))


def _each(of_both: Quantiles) -> tuple[Quantiles, Quantiles]:
    group, reference = (Quantiles(*(values[side] for values in of_both)) for side in (0, 1))
    return group, reference


def _ratios(
    scale: AmountScale, group: AmountCounts, reference: AmountCounts, confidence: float
) -> tuple[Floats, Floats, Floats]:
    """Return ratios and their ends, nan where there is none."""
    least = scale.minimum / scale.range
    means, reference_means = group.means() + least, reference.means() + least
    if least < 0:
        nothing = np.full(means.shape, np.nan)
        return nothing, nothing, nothing
    is_defined = reference_means > 0
    values = np.divide(means, reference_means, out=np.full(means.shape, np.nan), where=is_defined)
    ends: Ends = ratio_ends(group, reference, least, confidence)
    return values, np.where(is_defined, ends.lower, np.nan), np.where(is_defined, ends.upper, np.nan)


def _in_amounts(scale: AmountScale, sides: _Sides) -> tuple[list[Measured], list[Measured], list[Measured]]:
    """Return the values of groups, of their references and of the differences, in the unit of the amounts."""
    widths = _measured(values * scale.range for values in sides.difference)
    return _of_groups(scale, sides.group), _of_groups(scale, sides.reference), widths


def _of_groups(scale: AmountScale, shares: Quantiles) -> list[Measured]:
    return _measured(map(scale.amounts_of, shares))


def _measured(values: Iterable[Floats]) -> list[Measured]:
    """Return values with both their ends; nothing where there is no value."""
    rows = zip(*(each.tolist() for each in values), strict=True)
    return [Measured() if math.isnan(row[0]) else Measured(*row) for row in rows]


def _ratio(value: float, lower: float, upper: float) -> Measured:
    if math.isnan(value):
        return Measured()
    return Measured(value, lower, upper if math.isfinite(upper) else None)
