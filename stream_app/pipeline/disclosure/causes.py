"""A cause as people may see it: parts of the gap, no counts, no segment or feature with fewer than k decisions."""

from __future__ import annotations

import msgspec

from stream_app.core.cause.cause import OTHER_SEGMENTS, Cause, SegmentPart
from stream_app.core.cause.certainty import Certainty
from stream_app.core.cause.decomposition import Driver
from stream_app.core.cause.over_time import TimeParts
from stream_app.core.privacy.rounding import round_to
from stream_app.pipeline.disclosure.rules import is_small


class DisclosedPart(msgspec.Struct, frozen=True, kw_only=True):
    """What one segment adds to the gap.

    Attributes:
        segment: Its label, or ``other segments`` for small ones and the rest together.
        mix: Part of the gap because the group is more or less often in this segment.
        rate: Part of the gap because the group fares differently in it.
    """

    segment: str
    mix: float
    rate: float


class DisclosedDifference(msgspec.Struct, frozen=True, kw_only=True):
    """How a feature differs between the groups.

    Attributes:
        feature: Its name.
        standardized: Cohen's d, in pooled standard deviations.
    """

    feature: str
    standardized: float


class DisclosedCause(msgspec.Struct, frozen=True, kw_only=True):
    """A ``Cause`` without counts; ``mix`` and ``rate`` of all segments sum to the gap.

    Attributes:
        driver: What the gap is made of.
        driver_certainty: How certainly the driver is the greater part; None where nothing was split.
        mix: Part of the gap because the groups are spread differently over the segments.
        rate: Part of the gap because they fare differently inside segments.
        segments: Parts by segment.
        simpson: Whether the total clearly shows the opposite of what happens inside segments.
        features: Features with a standardized difference.
        over_time: The gap split over the periods of its time range too; None where it was not.
    """

    driver: Driver
    driver_certainty: Certainty | None
    mix: float | None
    rate: float | None
    segments: tuple[DisclosedPart, ...]
    simpson: bool
    features: tuple[DisclosedDifference, ...]
    over_time: TimeParts | None


def disclose_cause(cause: Cause, k: int) -> DisclosedCause:
    """Hide what reveals something about fewer than ``k`` decisions of a group; ``k`` = 0 hides only the counts."""
    shown = [part for part in cause.segments if not is_small(part.n, part.n_reference, k)]
    rest = [part for part in cause.segments if part not in shown]
    rest += [cause.other_segments] if cause.other_segments is not None else []
    parts = [DisclosedPart(segment=part.segment, mix=part.mix, rate=part.rate) for part in shown]
    return DisclosedCause(
        driver=cause.driver,
        driver_certainty=cause.driver_certainty,
        mix=cause.mix,
        rate=cause.rate,
        segments=(*parts, _sum(rest)) if rest else tuple(parts),
        simpson=cause.simpson,
        features=tuple(
            DisclosedDifference(feature=feature.feature, standardized=feature.standardized)
            for feature in cause.features
            if feature.standardized is not None and not is_small(feature.n, feature.n_reference, k)
        ),
        over_time=cause.over_time,
    )


def rounded_cause(cause: DisclosedCause, step: float) -> DisclosedCause:
    """Round the parts of a cause to a step; features to tenths, and without the split over time."""
    parts = tuple(
        msgspec.structs.replace(part, mix=round_to(part.mix, step), rate=round_to(part.rate, step))
        for part in cause.segments
    )
    features = tuple(
        msgspec.structs.replace(feature, standardized=round(feature.standardized, 1)) for feature in cause.features
    )
    mix, rate = (None if part is None else round_to(part, step) for part in (cause.mix, cause.rate))
    return msgspec.structs.replace(cause, mix=mix, rate=rate, segments=parts, features=features, over_time=None)


def _sum(parts: list[SegmentPart]) -> DisclosedPart:
    return DisclosedPart(
        segment=OTHER_SEGMENTS, mix=sum(part.mix for part in parts), rate=sum(part.rate for part in parts)
    )
