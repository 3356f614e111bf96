"""The gap between two groups, split exactly into mix and rate, segment by segment.

With ``w`` the share of a group's decisions in segment s, ``p`` its approval rate there, and P the rate over
all segments, the gap ``P_a - P_b`` of group a and reference b is the sum over segments of::

    mix_s  = (w_as - w_bs) * ((p_as + p_bs)/2 - c)      the group is elsewhere
    rate_s = (p_as - p_bs) * (w_as + w_bs)/2            the group fares differently there

The shares of both groups sum to 1, so any constant ``c`` gives the same mix part in total; it decides only how that
total falls on the segments. Kitagawa wrote c = 0, where a segment with average rates "explains" whatever share it has.
Here ``c = (P_a + P_b)/2``: a segment counts as mix by how far its rate is from the average, and by nothing else.

A segment in which one group has no decision gives that group no rate; it takes the other's, so that ``rate_s = 0`` and
the segment is all mix. All is done in fractions: the parts sum to the gap as an identity, not to within rounding.

Source: Kitagawa 1955, Components of a Difference Between Two Rates; Oaxaca and Ransom 1999 (single parts of a
split are known up to such a constant); Bickel, Hammel and O'Connell 1975 (the case of Berkeley).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

Count = tuple[int, int]  # decisions, favorable ones among them
Counts = Mapping[str, Count]  # by segment

NOTHING: Count = (0, 0)


class Driver(enum.StrEnum):
    """What an observed gap is made of, by its two numbers; ``certainty`` says whether chance may have decided it."""

    NO_DECISIONS = "no_decisions"  # a group is empty: there is no gap to split
    NO_GAP = "no_gap"
    NOT_SPLIT = "not_split"  # fewer than two segments have decisions: a mix needs two
    RATE = "rate"  # both parts point with the gap, rate is the greater or equal one
    MIX = "mix"  # both parts point with the gap, mix is the greater one
    RATE_NOT_MIX = "rate_not_mix"  # mix is zero or narrows the gap
    MIX_NOT_RATE = "mix_not_rate"  # rate is zero or points the other way: at equal mix there would be no such gap


@dataclass(frozen=True)
class GapPart:
    """What one segment adds to the gap.

    Attributes:
        segment: Its label.
        group: Decisions and favorable ones of the group in it.
        reference: The same of the reference group.
        mix: Its mix part.
        rate: Its rate part.
    """

    segment: str
    group: Count
    reference: Count
    mix: Fraction
    rate: Fraction

    @property
    def total(self) -> Fraction:
        """Mix and rate part together."""
        return self.mix + self.rate


@dataclass(frozen=True)
class Decomposition:
    """A gap and its parts.

    Attributes:
        gap: Rate of the group - rate of the reference, in [-1, 1]; negative is harm to the group.
        mix: Sum of the mix parts.
        rate: Sum of the rate parts; ``mix + rate == gap``.
        parts: Segments with decisions, the greatest ``|total|`` first, equal ones by name.
        opposite_share: Of the segments where both groups have decisions the share, weighted by ``(w_a + w_b)/2``, in
            which the gap points the other way, in [0, 1]; None without a gap or without such segments.
    """

    gap: Fraction
    mix: Fraction
    rate: Fraction
    parts: tuple[GapPart, ...]
    opposite_share: Fraction | None

    @property
    def driver(self) -> Driver:
        """What the gap is made of."""
        if not self.gap:
            return Driver.NO_GAP
        if len(self.parts) < 2:  # noqa: PLR2004 (a mix needs two)
            return Driver.NOT_SPLIT
        if self.rate * self.gap <= 0:
            return Driver.MIX_NOT_RATE
        if self.mix * self.gap <= 0:
            return Driver.RATE_NOT_MIX
        return Driver.RATE if abs(self.rate) >= abs(self.mix) else Driver.MIX

    @property
    def leader(self) -> GapPart | None:
        """The segment that explains most of the gap by what drives it, the first by name of equal ones.

        By its rate part where rate drives the gap, by its mix part where mix does; None where nothing was split.
        """
        if self.driver in (Driver.NO_GAP, Driver.NOT_SPLIT):
            return None
        return min(self.parts, key=lambda part: (-self.share_explained(part), part.segment))

    def share_explained(self, part: GapPart) -> Fraction:
        """Return a segment's part of what drives the gap, as a share of the gap.

        Negative where the segment narrows the gap, above 1 where others do.

        Raises:
            ZeroDivisionError: there is no gap.
        """
        by_mix = self.driver in (Driver.MIX, Driver.MIX_NOT_RATE)
        return (part.mix if by_mix else part.rate) / self.gap


def decompose(group: Counts, reference: Counts) -> Decomposition | None:
    """Split the gap between two groups over segments; None when a group has no decision at all.

    Args:
        group: Decisions and favorable ones by segment, ``0 <= favorable <= n``; segments may be missing.
        reference: The same for the reference group.

    >>> men, women = {"A": (825, 512), "F": (373, 22)}, {"A": (108, 89), "F": (341, 24)}
    >>> split = decompose(women, men)
    >>> [round(float(value), 4) for value in (split.gap, split.mix, split.rate)]
    [-0.1941, -0.2947, 0.1006]
    >>> split.driver.value, split.gap == sum(part.total for part in split.parts)
    ('mix_not_rate', True)
    """
    total, reference_total = _sum(group.values()), _sum(reference.values())
    if not total[0] or not reference_total[0]:
        return None
    parts = [
        _part(segment, group.get(segment, NOTHING), reference.get(segment, NOTHING), total, reference_total)
        for segment in {**group, **reference}
        if group.get(segment, NOTHING)[0] or reference.get(segment, NOTHING)[0]
    ]
    gap = _rate(total) - _rate(reference_total)
    return Decomposition(
        gap=gap,
        mix=sum((part.mix for part in parts), Fraction()),
        rate=sum((part.rate for part in parts), Fraction()),
        parts=tuple(sorted(parts, key=lambda part: (-abs(part.total), part.segment))),
        opposite_share=_opposite_share(parts, gap, total[0], reference_total[0]),
    )


def _part(segment: str, group: Count, reference: Count, total: Count, reference_total: Count) -> GapPart:
    share, reference_share = Fraction(group[0], total[0]), Fraction(reference[0], reference_total[0])
    rate, reference_rate = _rate(group if group[0] else reference), _rate(reference if reference[0] else group)
    average = _rate(total) + _rate(reference_total)
    return GapPart(
        segment,
        group,
        reference,
        mix=(share - reference_share) * (rate + reference_rate - average) / 2,
        rate=(rate - reference_rate) * (share + reference_share) / 2,
    )


def _opposite_share(parts: Iterable[GapPart], gap: Fraction, n: int, n_reference: int) -> Fraction | None:
    if not gap:
        return None
    compared = opposite = Fraction()
    for part in parts:
        if part.group[0] and part.reference[0]:
            weight = Fraction(part.group[0], n) + Fraction(part.reference[0], n_reference)
            compared += weight
            if part.rate * gap < 0:
                opposite += weight
    return opposite / compared if compared else None


def _rate(count: Count) -> Fraction:
    return Fraction(count[1], count[0])


def _sum(counts: Iterable[Count]) -> Count:
    n = favorable = 0
    for more, more_favorable in counts:
        n += more
        favorable += more_favorable
    return n, favorable
