"""The cause of a gap as one value: parts, features, shortfall; it goes into the result records.

It contains exact counts of small segments too, as the records do; what leaves goes through
``stream_app.core.cause.sentence``, which names nothing with fewer than k decisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import msgspec

from stream_app.core.cause.certainty import Certainty, driver_certainty, is_leader_clear, is_simpson
from stream_app.core.cause.decomposition import Counts, Decomposition, Driver, GapPart, decompose
from stream_app.core.cause.features import FeatureDifference, FeatureMoments, rank_features
from stream_app.core.cause.over_time import Period, TimeParts, split_over_time

OTHER_SEGMENTS = "other segments"
N_SEGMENTS = 5
N_FEATURES = 3


class SegmentPart(msgspec.Struct, frozen=True, kw_only=True):
    """What one segment adds to the gap.

    Attributes:
        segment: Its label, or ``other segments``.
        n: Decisions of the group in it.
        favorable: Favorable ones among them.
        n_reference: Decisions of the reference group in it.
        favorable_reference: Favorable ones among them.
        mix: Part of the gap because the group is more or less often in this segment.
        rate: Part of the gap because the group fares differently in it.
    """

    segment: str
    n: int
    favorable: int
    n_reference: int
    favorable_reference: int
    mix: float
    rate: float


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """Why a group and its reference differ; statistical, not causal.

    ``mix`` and ``rate`` of all segments, ``other_segments`` among them, sum to the gap; each number is rounded once
    from the exact value, so sums of them agree to about 1e-15.

    Attributes:
        driver: What the gap is made of.
        gap: Rate of the group - rate of the reference, in [-1, 1]; None when one of them is empty.
        mix: Part of the gap because the groups are spread differently over the segments.
        rate: Part of the gap because they fare differently inside segments.
        segments: The five segments with the greatest ``|mix + rate|``, greatest first, equal ones by name; the
            leading segment always among them.
        other_segments: The rest as one; None when there is no rest.
        leading_segment: The segment that explains most of the gap by what drives it; None where nothing was split.
        leading_share: Its rate part (mix part, where mix drives the gap) as a share of the gap; above 1 where others
            narrow the gap.
        driver_certainty: How certainly the driver is the greater part; None where nothing was split.
        is_leader_clear: Whether the leading segment contributes clearly more than the next one.
        simpson: Whether the total shows the opposite of what happens inside segments: at equal mix the gap clearly
            points the other way, and so it does in segments with most of the decisions.
        opposite_share: Share of the decisions in segments whose own gap points the other way, in [0, 1].
        features: The three features that differ most, see ``rank_features``.
        shortfall: Favorable decisions that the group lacks to meet the ratio rule.
        over_time: The gap split over the periods of its time range too; None where that range has one period only, or
            too few periods with decisions of both groups.
    """

    driver: Driver
    gap: float | None = None
    mix: float | None = None
    rate: float | None = None
    segments: tuple[SegmentPart, ...] = ()
    other_segments: SegmentPart | None = None
    leading_segment: str | None = None
    leading_share: float | None = None
    driver_certainty: Certainty | None = None
    is_leader_clear: bool = False
    simpson: bool = False
    opposite_share: float | None = None
    features: tuple[FeatureDifference, ...] = ()
    shortfall: int | None = None
    over_time: TimeParts | None = None


def explain_pair(
    group: Counts,
    reference: Counts,
    features: Sequence[FeatureMoments] = (),
    *,
    shortfall: int | None = None,
    periods: Iterable[Period] = (),
) -> Cause:
    """Explain the gap between a group and its reference.

    Args:
        group: Decisions and favorable ones by segment, ``unknown`` and ``__other__`` included, so that they sum to
            the group. A model without segments gives one, whatever its name.
        reference: The same for the reference group.
        features: Sums of each declared feature.
        shortfall: Favorable decisions that the group lacks to meet the ratio rule, if known.
        periods: The same counts by period, if known; they sum to ``group`` and ``reference``.

    >>> cause = explain_pair({"auto": (100, 20), "home": (100, 60)}, {"auto": (100, 60), "home": (100, 70)})
    >>> cause.driver.value, cause.gap, cause.mix, cause.rate, cause.leading_segment, cause.leading_share
    ('rate_not_mix', -0.25, 0.0, -0.25, 'auto', 0.8)
    >>> explain_pair({}, {"auto": (100, 60)}).driver.value
    'no_decisions'
    """
    split = decompose(group, reference)
    top = tuple(rank_features(features)[:N_FEATURES])
    if split is None:
        return Cause(driver=Driver.NO_DECISIONS, features=top, shortfall=shortfall)
    leader = split.leader
    kept = _kept(split, leader)
    rest = [part for part in split.parts if part not in kept]
    return Cause(
        driver=split.driver,
        gap=float(split.gap),
        mix=float(split.mix),
        rate=float(split.rate),
        segments=tuple(_record(part) for part in kept),
        other_segments=_record(_join(rest)) if rest else None,
        leading_segment=leader.segment if leader else None,
        leading_share=float(split.share_explained(leader)) if leader else None,
        driver_certainty=driver_certainty(split),
        is_leader_clear=is_leader_clear(split),
        simpson=is_simpson(split),
        opposite_share=None if split.opposite_share is None else float(split.opposite_share),
        features=top,
        shortfall=shortfall,
        over_time=split_over_time(periods),
    )


def _kept(split: Decomposition, leader: GapPart | None) -> tuple[GapPart, ...]:
    kept = split.parts[:N_SEGMENTS]
    return kept if leader is None or leader in kept else (*kept[:-1], leader)


def _join(parts: Iterable[GapPart]) -> GapPart:
    n = favorable = n_reference = favorable_reference = 0
    mix = rate = Fraction()
    for part in parts:
        n, favorable = n + part.group[0], favorable + part.group[1]
        n_reference, favorable_reference = n_reference + part.reference[0], favorable_reference + part.reference[1]
        mix, rate = mix + part.mix, rate + part.rate
    return GapPart(OTHER_SEGMENTS, (n, favorable), (n_reference, favorable_reference), mix, rate)


def _record(part: GapPart) -> SegmentPart:
    return SegmentPart(
        segment=part.segment,
        n=part.group[0],
        favorable=part.group[1],
        n_reference=part.reference[0],
        favorable_reference=part.reference[1],
        mix=float(part.mix),
        rate=float(part.rate),
    )
