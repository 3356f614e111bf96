"""The people behind the parts of a change by segment and by version, as sets that can be compared with others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from stream_app.pipeline.replay.bisect.onset import Onset, Pane, Side, sums_of
from stream_app.pipeline.replay.bisect.version_change import joined_versions
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import OTHER

Sets = Mapping[frozenset[str], int]  # people by the segments or versions that are shown as one


class ShownParts(NamedTuple):
    """The people of a group in a range of time, by segment or version.

    Attributes:
        group: The group.
        time_range: The range.
        people: Those in each part.
    """

    group: str
    time_range: TimeRange
    people: Sets


def segment_parts(
    panes: Iterable[Pane], onset: Onset, pair: tuple[str, str], segments: Collection[str], time_range: TimeRange
) -> list[ShownParts]:
    """Return the people in the segments that are shown on each side of an onset, the others together.

    Args:
        panes: The pair by segment.
        onset: The onset.
        pair: The group and its reference.
        segments: Every segment.
        time_range: The range that was searched.
    """
    parts = []
    for side, of_side, inside in _sides(panes, onset, time_range):
        alone = [frozenset([part.segment]) for part in side.cause.segments if part.segment in segments]
        rest = frozenset(segments).difference(*alone)
        for group, counts in zip(pair, of_side, strict=True):
            sets = [*alone, rest] if rest else alone
            people = {each: sum(counts.get(segment, (0, 0))[0] for segment in each) for each in sets}
            parts.append(ShownParts(group, inside, people))
    return parts


def version_parts(
    panes: Iterable[Pane], onset: Onset, pair: tuple[str, str], time_range: TimeRange, k: int, *, is_cut: bool
) -> list[ShownParts]:
    """Return the people under the versions that are shown on each side of an onset.

    Args:
        panes: The pair by version.
        onset: The onset.
        pair: The group and its reference.
        time_range: The range that was searched.
        k: Fewest decisions of a group that are disclosed.
        is_cut: Whether there are more versions than are counted: what the surplus is depends on the range.
    """
    panes = list(panes)
    named = {version for pane in panes for counts in pane[1:] for version in counts} - {OTHER}
    surplus = f"{OTHER} without {', '.join(sorted(named))}" if is_cut else OTHER
    parts = []
    for _, of_side, inside in _sides(panes, onset, time_range):
        for group, counts in zip(pair, of_side, strict=True):
            people = {
                frozenset(surplus if version == OTHER else version for version in versions): sum(
                    counts[version][0] for version in versions
                )
                for versions in joined_versions(counts, k).values()
            }
            parts.append(ShownParts(group, inside, people))
    return parts


def _sides(
    panes: Iterable[Pane], onset: Onset, time_range: TimeRange
) -> list[tuple[Side, tuple[dict[str, tuple[int, int]], dict[str, tuple[int, int]]], TimeRange]]:
    panes = list(panes)
    before = [pane for pane in panes if pane[0] < onset.pane_s]
    after = [pane for pane in panes if pane[0] >= onset.pane_s]
    return [
        (side, (sums_of(pane[1] for pane in own), sums_of(pane[2] for pane in own)), inside)
        for side, own, inside in (
            (onset.before, before, TimeRange(time_range.from_s, onset.pane_s)),
            (onset.after, after, TimeRange(onset.pane_s, time_range.to_s)),
        )
    ]
