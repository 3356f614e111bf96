"""The gap of a time range, split over its periods too: when the groups applied, where, and how they fared.

Let ``v`` be the share of a group's decisions in period t and P its rate there. As over segments (``decomposition``),
the gap of the time range is exactly the sum over periods of::

    mix over time_t = (v_at - v_bt) * ((P_at + P_bt)/2 - c)      the group applied at other times
    within_t        = (P_at - P_bt) * (v_at + v_bt)/2            it fared differently at the same time

and the gap within each period splits into the mix and the rate parts of its segments. So the three parts *mix over
time*, *mix* and *rate* sum to the gap. When base rates and the mix of groups change together, a time range shows a gap
though no period in it has one: all of it is mix over time, and no rule of a single period is violated.

A period in which one group has no decision gives no rate of that group: it counts as mix over time, half of what it
adds by no more than convention. So nothing is split where such periods are many.

Source: Kitagawa 1955, Components of a Difference Between Two Rates (two factors, one after the other).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

import msgspec

from stream_app.core.cause.certainty import Cell, Certainty, part_certainty
from stream_app.core.cause.decomposition import Count, Counts, decompose

MIN_COMPARED = 0.8  # of the decisions of each group in periods with both groups


class Period(NamedTuple):
    """The counts of one period, by segment: of the group and of its reference."""

    group: Counts
    reference: Counts


class TimeParts(msgspec.Struct, frozen=True, kw_only=True):
    """A gap split over periods and segments; ``mix_over_time + mix + rate`` is the gap, to about 1e-15.

    Attributes:
        n_periods: Periods with decisions, >= 2.
        mix_over_time: Part of the gap because the groups' decisions were made at different times.
        mix: Part of it because, within periods, the groups are spread differently over the segments.
        rate: Part of it because they fare differently in the same segment and period.
        certainty: How certainly the mix over time is the greater part of the gap; ``unclear`` where it is not.
    """

    n_periods: int
    mix_over_time: float
    mix: float
    rate: float
    certainty: Certainty


def split_over_time(periods: Iterable[Period]) -> TimeParts | None:
    """Split the gap of a time range over its periods.

    Args:
        periods: Periods that do not overlap, in any order; together they are the time range.

    Returns:
        The parts; None without a gap, with fewer than two periods that have decisions, and where less than 80 % of the
        decisions of a group were made in periods with decisions of both.

    >>> morning = Period({"": (400, 300)}, {"": (3600, 2700)})  # three quarters are approved, few of the group apply
    >>> evening = Period({"": (1600, 400)}, {"": (400, 100)})  # one quarter, many do
    >>> parts = split_over_time([morning, evening])
    >>> parts.mix_over_time, parts.mix, parts.rate, parts.certainty.value
    (-0.35, 0.0, 0.0, 'explains')
    """
    rows = [(period, Cell(_sum(period.group), _sum(period.reference))) for period in periods]
    rows = [(period, cell) for period, cell in rows if cell.group[0] or cell.reference[0]]
    cells = [cell for _, cell in rows]
    n, k = (sum(cell.group[place] for cell in cells) for place in (0, 1))
    n_reference, k_reference = (sum(cell.reference[place] for cell in cells) for place in (0, 1))
    if len(rows) < 2 or not n or not n_reference or not _is_compared(cells, n, n_reference):  # noqa: PLR2004 (a mix needs two)
        return None
    gap = Fraction(k, n) - Fraction(k_reference, n_reference)
    if not gap:
        return None
    average = (Fraction(k, n) + Fraction(k_reference, n_reference)) / 2
    over_time, mix, rate = [], [], []
    for period, cell in rows:
        share, share_reference = Fraction(cell.group[0], n), Fraction(cell.reference[0], n_reference)
        p, q = _rates(cell)
        over_time.append(float((share - share_reference) * ((p + q) / 2 - average)))
        if (within := decompose(period.group, period.reference)) is not None:
            weight = (share + share_reference) / 2
            mix.append(float(weight * within.mix))
            rate.append(float(weight * within.rate))
    return TimeParts(
        n_periods=len(rows),
        mix_over_time=math.fsum(over_time),
        mix=math.fsum(mix),
        rate=math.fsum(rate),
        certainty=part_certainty(cells, 1.0 if gap > 0 else -1.0, by_mix=True),
    )


def _is_compared(cells: Sequence[Cell], n: int, n_reference: int) -> bool:
    both = [cell for cell in cells if cell.group[0] and cell.reference[0]]
    compared = sum(cell.group[0] for cell in both), sum(cell.reference[0] for cell in both)
    return compared[0] >= MIN_COMPARED * n and compared[1] >= MIN_COMPARED * n_reference


def _rates(cell: Cell) -> tuple[Fraction, Fraction]:
    group, reference = (
        cell.group if cell.group[0] else cell.reference,
        cell.reference if cell.reference[0] else cell.group,
    )
    return Fraction(group[1], group[0]), Fraction(reference[1], reference[0])


def _sum(counts: Counts) -> Count:
    n = favorable = 0
    for more, more_favorable in counts.values():
        n, favorable = n + more, favorable + more_favorable
    return n, favorable
