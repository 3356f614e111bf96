"""The onset of a change in how a pair is treated: the pane from which its gap or ratio differs, and in which segment.

For each pane boundary the value before and after is compared (``core.detection.change_point``); the boundary with the
greatest ``|z|`` is the estimate, and those near it are its 99 % confidence interval, for an abrupt change.

p-value: the greatest of m correlated ``|z|`` exceeds z with probability of at most ``2 m (1 - Phi(z))``, by the union
bound. It tests whether there was a change at all, not whether a rule is violated.

Source: Hinkley 1970, Inference about the change-point in a sequence of random variables (the estimate); Hansen 2000,
Sample Splitting and Threshold Estimation, theorem 2 (the precision).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import erfc, sqrt
from typing import Literal

import msgspec
import numpy as np
from msgspec.structs import replace

from stream_app.core.cause.cause import OTHER_SEGMENTS, explain_pair
from stream_app.core.detection.change_point import likely_boundaries, standardized_changes
from stream_app.core.detection.rules import RuleKind
from stream_app.pipeline.disclosure.causes import DisclosedCause, DisclosedPart, disclose_cause

Metric = Literal["dir", "gap"]
Segments = dict[str, tuple[int, int]]  # decisions and favorable ones by segment
Pane = tuple[int, Segments, Segments]  # start, the group's, the reference's

_KINDS: dict[Metric, RuleKind] = {"dir": RuleKind.RATIO, "gap": RuleKind.GAP}


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a change.

    Attributes:
        n: Decisions of the group.
        n_reference: Decisions of the reference.
        gap: Rate of the group - rate of the reference.
        disparate_impact_ratio: Rate of the group / rate of the reference; None where the latter is zero.
        cause: The gap split over segments, those with fewer than k decisions in either group joined.
    """

    n: int
    n_reference: int
    gap: float
    disparate_impact_ratio: float | None
    cause: DisclosedCause


class SegmentChange(msgspec.Struct, frozen=True, kw_only=True):
    """The contribution of one segment to the change of the gap; all of them sum to it.

    Attributes:
        segment: Its label.
        mix: Change of the part due to how often the groups are in it.
        rate: Change of the part due to how they fare in it.
    """

    segment: str
    mix: float
    rate: float


class Onset(msgspec.Struct, frozen=True, kw_only=True):
    """A change of one pair.

    Attributes:
        pane_s: Start of the first pane after the change, event time in seconds since the epoch.
        earliest_s: Start of the earliest pane of the 99 % confidence interval.
        latest_s: Start of the latest pane of the 99 % confidence interval.
        metric: What may have changed.
        z: The standardized change; negative when the group fares worse after it.
        p_value: Upper bound of the probability of such a change where there is none.
        before: The pair before.
        after: The pair from the pane on.
        segments: The change of the gap by segment, greatest first.
    """

    pane_s: int
    earliest_s: int
    latest_s: int
    metric: Metric
    z: float
    p_value: float
    before: Side
    after: Side
    segments: tuple[SegmentChange, ...]


def find_onset(panes: Sequence[Pane], metric: Metric, k: int) -> Onset | None:
    """Return the most likely change of a pair; None where no boundary has ``k`` decisions of both groups on each side.

    Args:
        panes: In order of time.
        metric: ``gap`` or ``dir``.
        k: Fewest decisions of each group before and after.

    >>> fair, unfair = ({"all": (100, 50)}, {"all": (100, 50)}), ({"all": (100, 30)}, {"all": (100, 50)})
    >>> panes = [(10 * number, *(fair if number < 6 else unfair)) for number in range(10)]
    >>> onset = find_onset(panes, "gap", 10)
    >>> onset.pane_s, round(onset.z, 2), round(onset.after.gap, 2), onset.p_value < 1e-4
    (60, -4.46, -0.2, True)
    """
    if not panes:
        return None
    counts = [
        (_total(group, 1), _total(group, 0), _total(reference, 1), _total(reference, 0))
        for _, group, reference in panes
    ]
    z, n_boundaries = standardized_changes(np.array(counts, np.int64), _KINDS[metric], k)
    if not z.any():
        return None
    at, earliest, latest = likely_boundaries(z**2)
    sides = _side(panes[: at + 1], k), _side(panes[at + 1 :], k)
    return Onset(
        pane_s=panes[at + 1][0],
        earliest_s=panes[earliest + 1][0],
        latest_s=panes[latest + 1][0],
        metric=metric,
        z=float(z[at]),
        p_value=min(1.0, n_boundaries * erfc(abs(float(z[at])) / sqrt(2))),
        before=sides[0],
        after=sides[1],
        segments=_changes(*sides),
    )


def _side(panes: Sequence[Pane], k: int) -> Side:
    group, reference = sums_of(pane[1] for pane in panes), sums_of(pane[2] for pane in panes)
    n, n_reference = _total(group, 0), _total(reference, 0)
    rate, rate_reference = _total(group, 1) / n, _total(reference, 1) / n_reference
    return Side(
        n=n,
        n_reference=n_reference,
        gap=rate - rate_reference,
        disparate_impact_ratio=rate / rate_reference if rate_reference else None,
        cause=_with_enough_others(disclose_cause(explain_pair(group, reference), k), group, reference, k),
    )


def _with_enough_others(cause: DisclosedCause, group: Segments, reference: Segments, k: int) -> DisclosedCause:
    """Join the smallest segments to the others until those have nobody or ``k`` decisions of each group."""
    if not cause.segments:
        return cause
    parts = {part.segment: part for part in cause.segments}
    other = parts.pop(OTHER_SEGMENTS, DisclosedPart(segment=OTHER_SEGMENTS, mix=0.0, rate=0.0))
    while parts and any(0 < _rest(counts, parts) < k for counts in (group, reference)):
        smallest = min(parts, key=lambda name: (group.get(name, (0, 0))[0] + reference.get(name, (0, 0))[0], name))
        part = parts.pop(smallest)
        other = DisclosedPart(segment=OTHER_SEGMENTS, mix=other.mix + part.mix, rate=other.rate + part.rate)
    is_all = not any(_rest(counts, parts) for counts in (group, reference))
    return replace(cause, segments=(*parts.values(), *(() if is_all else (other,))))


def _rest(counts: Segments, shown: Collection[str]) -> int:
    return sum(n for name, (n, _) in counts.items() if name not in shown)


def _changes(before: Side, after: Side) -> tuple[SegmentChange, ...]:
    ours = {part.segment: part for part in before.cause.segments}
    theirs = {part.segment: part for part in after.cause.segments}
    changes = [
        SegmentChange(
            segment=name,
            mix=(theirs[name].mix if name in theirs else 0.0) - (ours[name].mix if name in ours else 0.0),
            rate=(theirs[name].rate if name in theirs else 0.0) - (ours[name].rate if name in ours else 0.0),
        )
        for name in {**ours, **theirs}
    ]
    return tuple(sorted(changes, key=lambda change: -abs(change.mix + change.rate)))


def sums_of(panes: Iterable[Segments]) -> Segments:
    """Sum counts by label.

    >>> sums_of([{"auto": (2, 1)}, {"auto": (3, 1), "home": (1, 0)}])
    {'auto': (5, 2), 'home': (1, 0)}
    """
    joined: Segments = {}
    for segments in panes:
        for name, (n, favorable) in segments.items():
            n_before, favorable_before = joined.get(name, (0, 0))
            joined[name] = n_before + n, favorable_before + favorable
    return joined


def _total(segments: Mapping[str, tuple[int, int]], place: int) -> int:
    return sum(count[place] for count in segments.values())
