"""The difference of two mean amounts, split exactly into mix and within, segment by segment.

It is the split of ``decomposition`` with sums of amounts instead of favorable decisions: ``p`` is the mean amount of a
segment, ``mix`` is what the group has more or less of because it is elsewhere, ``within`` because amounts differ inside
segments. All is done in fractions of whole numbers, so the parts sum to the difference exactly. What is named is as
certain as for rates (``certainty``), with the variance of amounts instead of that of outcomes.

Source: Kitagawa 1955; Oaxaca 1973, International Economic Review 14, 693-709 (the same split of wages).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

import msgspec

from stream_app.core.amounts.counts import AmountCounts
from stream_app.core.amounts.scale import FULL, AmountScale
from stream_app.core.cause.cause import N_SEGMENTS, OTHER_SEGMENTS
from stream_app.core.cause.certainty import Certainty, Variances, driver_certainty, is_leader_clear, is_simpson
from stream_app.core.cause.decomposition import Count, Driver, GapPart, decompose
from stream_app.core.intervals.amount_means import variances_of

ByAmountSegment = Mapping[str, AmountCounts]


class AmountSegment(msgspec.Struct, frozen=True, kw_only=True):
    """What one segment adds to the difference, in the unit of the amounts.

    Attributes:
        segment: Its label, or ``other segments``.
        n: Decisions of the group in it.
        mean: Their mean amount; None without any.
        n_reference: Decisions of the reference group in it.
        mean_reference: Their mean amount; None without any.
        mix: Part of the difference because the group is more or less often in this segment.
        within: Part of the difference because amounts differ in it.
    """

    segment: str
    n: int
    mean: float | None
    n_reference: int
    mean_reference: float | None
    mix: float
    within: float


class AmountCause(msgspec.Struct, frozen=True, kw_only=True):
    """Why the mean amounts of a group and of its reference differ; statistical, not causal.

    Attributes:
        driver: What the difference is made of; ``rate`` stands for the part within segments.
        difference: Mean of the group less mean of the reference; None when one of them is empty.
        mix: Part of it because the groups are spread differently over the segments.
        within: Part of it because amounts differ inside segments.
        segments: The five segments with the greatest ``|mix + within|``, greatest first, equal ones by name; the
            leading segment always among them.
        other_segments: The rest as one; None when there is no rest.
        leading_segment: The segment that explains most of the difference by what drives it; None where nothing was
            split.
        leading_share: Its part of that as a share of the difference; above 1 where others narrow the difference.
        driver_certainty: How certainly the driver is the greater part; None where nothing was split.
        is_leader_clear: Whether the leading segment contributes clearly more than the next one.
        simpson: Whether the total shows the opposite of what happens inside segments.
    """

    driver: Driver
    difference: float | None = None
    mix: float | None = None
    within: float | None = None
    segments: tuple[AmountSegment, ...] = ()
    other_segments: AmountSegment | None = None
    leading_segment: str | None = None
    leading_share: float | None = None
    driver_certainty: Certainty | None = None
    is_leader_clear: bool = False
    simpson: bool = False


def explain_amounts(scale: AmountScale, group: ByAmountSegment, reference: ByAmountSegment) -> AmountCause:
    """Explain the difference between the mean amounts of a group and of its reference.

    Args:
        scale: The range of the amounts.
        group: Counts by segment, each of shape (bins,); a model without segments gives one, whatever its name.
        reference: The same of the reference group.

    >>> import numpy as np
    >>> scale = AmountScale(0.0, 4.0, 4)
    >>> def amounts(*n: int) -> AmountCounts:
    ...     return AmountCounts(np.array(n), np.array(n) * scale.step * np.arange(4))
    >>> women = {"auto": amounts(0, 0, 60, 0), "home": amounts(0, 40, 0, 0)}
    >>> men = {"auto": amounts(0, 60, 0, 0), "home": amounts(0, 40, 0, 0)}
    >>> cause = explain_amounts(scale, women, men)
    >>> cause.driver.value, cause.difference, cause.mix, cause.within, cause.leading_segment
    ('rate_not_mix', 0.6, 0.0, 0.6, 'auto')
    >>> explain_amounts(scale, {}, men).driver.value
    'no_decisions'
    """
    split = decompose(_counts(group), _counts(reference))
    if split is None:
        return AmountCause(driver=Driver.NO_DECISIONS)
    variances = {part.segment: _variances(group.get(part.segment), reference.get(part.segment)) for part in split.parts}
    leader = split.leader
    kept = split.parts[:N_SEGMENTS]
    if leader is not None and leader not in kept:
        kept = (*kept[:-1], leader)
    rest = [part for part in split.parts if part not in kept]
    return AmountCause(
        driver=split.driver,
        difference=_width(scale, split.gap),
        mix=_width(scale, split.mix),
        within=_width(scale, split.rate),
        segments=tuple(_record(scale, part) for part in kept),
        other_segments=_record(scale, _join(rest)) if rest else None,
        leading_segment=leader.segment if leader else None,
        leading_share=float(split.share_explained(leader)) if leader else None,
        driver_certainty=driver_certainty(split, variances),
        is_leader_clear=is_leader_clear(split, variances),
        simpson=is_simpson(split, variances),
    )


def _counts(amounts: ByAmountSegment) -> dict[str, Count]:
    return {segment: (int(counts.total_n), int(counts.total)) for segment, counts in amounts.items()}


def _variances(group: AmountCounts | None, reference: AmountCounts | None) -> Variances:
    """Return the variance of an amount of each, in squares of fixed point; 0 where nothing was counted."""
    of_group, of_reference = (
        0.0 if counts is None else float(variances_of(counts)) * FULL * FULL for counts in (group, reference)
    )
    return of_group, of_reference


def _width(scale: AmountScale, fixed: Fraction) -> float:
    return float(fixed * Fraction(scale.range) / FULL)


def _join(parts: Iterable[GapPart]) -> GapPart:
    n = total = n_reference = total_reference = 0
    mix = within = Fraction()
    for part in parts:
        n, total = n + part.group[0], total + part.group[1]
        n_reference, total_reference = n_reference + part.reference[0], total_reference + part.reference[1]
        mix, within = mix + part.mix, within + part.rate
    return GapPart(OTHER_SEGMENTS, (n, total), (n_reference, total_reference), mix, within)


def _record(scale: AmountScale, part: GapPart) -> AmountSegment:
    return AmountSegment(
        segment=part.segment,
        n=part.group[0],
        mean=_mean(scale, part.group),
        n_reference=part.reference[0],
        mean_reference=_mean(scale, part.reference),
        mix=_width(scale, part.mix),
        within=_width(scale, part.rate),
    )


def _mean(scale: AmountScale, count: Count) -> float | None:
    n, total = count
    return scale.amount_of(total / n / FULL) if n else None
