"""How certain a statement about the parts of a gap is: nothing is named that chance alone would name as often.

Which part of a gap is the greatest, and in which direction a part points, is also decided by chance. So every such
statement is a claim about a sum ``T = sum a_s rate_s + b_s mix_s`` that must be clearly above zero, by 2.2 standard
errors: where it is not true, it is then made in at most 5 % of cases, with as few as 30 decisions in each group
(``tests/unit/core/cause/test_certainty.py``). Where that is not reached, the parts are described by their numbers.

The standard error is that of independent decisions: in each group the segments are a multinomial draw and the
outcomes in a segment a binomial one, and T is linearized (delta method). With ``w`` the shares, ``p`` the rates of
group a, and ``T_w`` and ``T_p`` the derivatives of T in them::

    n Var_a(T) = sum w T_w^2 - (sum w T_w)^2 + sum T_p^2 p (1 - p) / w

p is taken as ``(k + 1) / (n + 2)``, so that a segment with few decisions is not called certain.

Source: Agresti 2013, Categorical Data Analysis, section 16.1 (delta method); Wilson 1927 (the rate of few decisions).
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from stream_app.core.cause.decomposition import Count, Decomposition, Driver

CLEAR_Z = 2.2  # standard errors: 2.8 % by chance in two directions, which leaves room for few decisions
SIMPSON_Z = 2.0  # of the rate part, which is only looked at where it opposes the gap: 2.3 % by chance
EXPLAINED_SHARE = 0.8  # of a gap, for "explained by"
_HALF = 0.5
_MAJORITY = 0.5


class Certainty(enum.StrEnum):
    """How certainly the greatest part of a gap is greater than the rest."""

    EXPLAINS = "explains"  # it is at least four fifths of the gap
    MAIN = "main"  # it is more than half of the gap
    UNCLEAR = "unclear"  # chance may have made it the greatest


Variances = tuple[float, float]  # of a decision about the group, and about its reference


class Weights(NamedTuple):
    """The weight in a claim of one segment's rate part and of its mix part."""

    rate: float
    mix: float


class Cell(NamedTuple):
    """The counts of one segment, or of one period: of the group and of its reference.

    Attributes:
        group: Decisions, and favorable ones or the sum of what was decided.
        reference: Likewise.
        variances: Variance of a decision of each; None for that of a rate.
    """

    group: Count
    reference: Count
    variances: Variances | None = None


def is_simpson(split: Decomposition, variances: Mapping[str, Variances] | None = None) -> bool:
    """Return whether the total shows the opposite of what happens inside (Simpson's paradox).

    That is: at equal mix the gap clearly points the other way, and so it does in segments with most of the decisions.
    *Clearly* means ``|rate| >= 2 sqrt(sum ((w_a + w_b)/2)^2 (p_a (1 - p_a)/n_a + p_b (1 - p_b)/n_b))`` over segments;
    without it every second gap that is all mix would be called one.

    Args:
        split: The gap.
        variances: Variance of a decision in each segment; None for that of a rate. Likewise below.
    """
    if split.rate * split.gap >= 0 or split.opposite_share is None or split.opposite_share <= _MAJORITY:
        return False
    n, n_reference = sum(part.group[0] for part in split.parts), sum(part.reference[0] for part in split.parts)
    variance = math.fsum(
        ((part.group[0] / n + part.reference[0] / n_reference) / 2) ** 2
        * (of_group / part.group[0] + of_reference / part.reference[0])
        for part, cell in zip(split.parts, cells_of(split, variances), strict=True)
        for of_group, of_reference in [_variances_in(cell)]
        if part.group[0] and part.reference[0]
    )
    return abs(float(split.rate)) >= SIMPSON_Z * math.sqrt(variance)


def driver_certainty(split: Decomposition, variances: Mapping[str, Variances] | None = None) -> Certainty | None:
    """Return how certainly the driver of a gap is its greater part; None where nothing was split."""
    if split.leader is None:
        return None
    sign = 1.0 if split.gap > 0 else -1.0
    by_mix = split.driver in (Driver.MIX, Driver.MIX_NOT_RATE)
    return part_certainty(cells_of(split, variances), sign, by_mix=by_mix)


def part_certainty(cells: Sequence[Cell], sign: float, *, by_mix: bool) -> Certainty:
    """Return how certainly the mix part (or the rate part) is the greater part of a gap.

    Args:
        cells: Segments or periods, each with decisions of at least one of the groups.
        sign: Sign of the gap, 1 or -1.
        by_mix: Whether the mix part is the one that the claim is about.
    """
    certainty = Certainty.UNCLEAR
    for share, reached in ((_HALF, Certainty.MAIN), (EXPLAINED_SHARE, Certainty.EXPLAINS)):
        part, rest = sign * (1 - share), -sign * share  # the part is more than this share of the gap
        weights = Weights(rest, part) if by_mix else Weights(part, rest)
        if claim_z(cells, [weights] * len(cells)) < CLEAR_Z:
            break
        certainty = reached
    return certainty


def is_leader_clear(split: Decomposition, variances: Mapping[str, Variances] | None = None) -> bool:
    """Return whether the leading segment contributes clearly more than the next one, by what drives the gap."""
    leader = split.leader
    if leader is None:
        return False
    rest = [part for part in split.parts if part is not leader]
    runner_up = max(rest, key=split.share_explained)
    sign = 1.0 if split.gap > 0 else -1.0
    by_mix = split.driver in (Driver.MIX, Driver.MIX_NOT_RATE)
    weights = []
    for part in split.parts:
        weight = sign if part is leader else -sign if part is runner_up else 0.0
        weights.append(Weights(0.0, weight) if by_mix else Weights(weight, 0.0))
    return claim_z(cells_of(split, variances), weights) >= CLEAR_Z


def cells_of(split: Decomposition, variances: Mapping[str, Variances] | None = None) -> list[Cell]:
    """Return the counts of the segments of a split."""
    known = variances or {}
    return [Cell(part.group, part.reference, known.get(part.segment)) for part in split.parts]


def claim_z(cells: Sequence[Cell], weights: Sequence[Weights]) -> float:
    """Return ``T`` in standard errors, ``T = sum a_s rate_s + b_s mix_s``; infinite without any variance, 0 at T = 0.

    Args:
        cells: Counts by segment; in total each group has a decision.
        weights: The weights ``a_s`` and ``b_s`` of each.

    >>> same_mix = [Cell((500, 110), (500, 330)), Cell((500, 340), (500, 370))]
    >>> round(claim_z(same_mix, [Weights(-1.0, 0.0)] * 2), 1)
    12.2
    """
    n = sum(cell.group[0] for cell in cells)
    n_reference = sum(cell.reference[0] for cell in cells)
    rate = sum(cell.group[1] for cell in cells) / n
    rate_reference = sum(cell.reference[1] for cell in cells) / n_reference
    average = (rate + rate_reference) / 2
    shift = math.fsum(
        weight.mix * (cell.group[0] / n - cell.reference[0] / n_reference)
        for cell, weight in zip(cells, weights, strict=True)
    )
    claim = _Sum(), _Sum()
    total = 0.0
    for cell, weight in zip(cells, weights, strict=True):
        w, v = cell.group[0] / n, cell.reference[0] / n_reference
        if not w and not v:
            continue
        p, q = _rates(cell)
        rate_part, mix_part = (p - q) * (w + v) / 2, (w - v) * ((p + q) / 2 - average)
        total += weight.rate * rate_part + weight.mix * mix_part
        by_share = weight.rate * (p - q) / 2
        by_place = weight.mix * ((p + q) / 2 - average)
        by_rate, by_mix = weight.rate * (w + v) / 2, weight.mix * (w - v) / 2
        slope_p, slope_q = by_rate + by_mix - shift * w / 2, by_mix - by_rate - shift * v / 2
        if not w:  # the rate of the other group is taken for both
            slope_p, slope_q = 0.0, slope_p + slope_q
        elif not v:
            slope_p, slope_q = slope_p + slope_q, 0.0
        variances = _variances_in(cell)
        claim[0].add(w, by_share + by_place - shift * p / 2, slope_p, variances[0])
        claim[1].add(v, by_share - by_place - shift * q / 2, slope_q, variances[1])
    variance = claim[0].variance / n + claim[1].variance / n_reference
    if not total:
        return 0.0
    return total / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, total)


class _Sum:
    """The variance of a claim for each decision of one group, segment by segment."""

    def __init__(self) -> None:
        self._mean = self._squares = self._outcomes = 0.0

    def add(self, share: float, slope_share: float, slope_rate: float, variance: float) -> None:
        """Add a segment."""
        if share:
            self._mean += share * slope_share
            self._squares += share * slope_share * slope_share
            self._outcomes += slope_rate * slope_rate * variance / share

    @property
    def variance(self) -> float:
        """Return the sum over all segments."""
        return max(0.0, self._squares - self._mean * self._mean) + self._outcomes


def _rates(cell: Cell) -> tuple[float, float]:
    group = cell.group if cell.group[0] else cell.reference
    reference = cell.reference if cell.reference[0] else cell.group
    return group[1] / group[0], reference[1] / reference[0]


def _variances_in(cell: Cell) -> Variances:
    return cell.variances or (_variance(cell.group), _variance(cell.reference))


def _variance(count: Count) -> float:
    """Return ``p (1 - p)`` of an outcome, p drawn towards 1/2 where decisions are few."""
    n, k = count
    rate = (k + 1) / (n + 2)
    return rate * (1 - rate)
