"""Cuts that have decided in a replay, and whom they made favorable, beside the cuts that were shown before.

Where segments have cuts of their own, the people of each segment who reach its cut are compared, as in a search: of two
runs that differ in the cut of one segment, the difference is about this segment alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, product
from typing import Any

import numpy as np

from stream_app.core.arrays import Ints
from stream_app.core.releases.knowledge import Knowledge
from stream_app.core.releases.related import Count
from stream_app.core.releases.tracks import Moment
from stream_app.pipeline.records.results import AND, CROSS
from stream_app.pipeline.replay.search.columns import EventColumns, labels_of
from stream_app.pipeline.replay.search.released_cuts import ScoreAxis, relate_axis, relate_segments
from stream_app.policy import ModelPolicy

_RunningCount = tuple[list[int], list[int]]  # panes in order; the people before each of them, and after all


class DecidedCounts:
    """People with a favorable decision by a rule, by pane, segment and groups.

    Args:
        model: The policy of the model, with a segment.
    """

    def __init__(self, model: ModelPolicy) -> None:
        assert model.segment is not None
        self._attributes = model.attributes
        self.segments = labels_of(model.segment)
        self._pane_s = model.event_time.pane_s
        self._people: Counter[tuple[int, ...]] = Counter()  # pane, segment, group of each attribute
        self._anybody: set[tuple[int, ...]] = set()  # segment, and group of each attribute
        self._running: dict[str, dict[tuple[str, ...], list[_RunningCount]]] = {}

    def reader_of(self, columns: EventColumns) -> Callable[[list[Any], Ints, Ints], None]:
        """Return what takes decided events, their decisions, and their times."""

        def take(events: list[Any], decided: Ints, times_s: Ints) -> None:
            groups = [columns.groups(number, events) for number in range(len(self._attributes))]
            rows = np.column_stack([times_s // self._pane_s, columns.segments(events), *groups])
            self._anybody.update(map(tuple, np.unique(rows[:, 1:], axis=0).tolist()))
            rows = rows[decided == 1]
            unique, counts = np.unique(rows, axis=0, return_counts=True)
            self._people.update(dict(zip(map(tuple, unique.tolist()), counts.tolist(), strict=True)))
            self._running.clear()

        return take

    def between(self, attribute: str, labels: tuple[str, ...], start_s: float, end_s: float) -> list[int]:
        """Return the people of a group in a range of panes, by segment.

        Args:
            attribute: Name of the attribute, or names joined.
            labels: A label of each.
            start_s: Start of the range.
            end_s: Its end.
        """
        if attribute not in self._running:
            self._running[attribute] = self._added_up(attribute)
        none: list[_RunningCount] = [([], [0])] * len(self.segments)
        first, last = start_s / self._pane_s, end_s / self._pane_s
        return [
            sums[bisect_left(panes, last)] - sums[bisect_left(panes, first)]
            for panes, sums in self._running[attribute].get(labels, none)
        ]

    def empty_segments(self, attribute: str, labels: tuple[str, ...]) -> list[str]:
        """Return the segments in which nobody of a group is."""
        names = [each.name for each in self._attributes]
        places = [names.index(name) for name in attribute.split(CROSS)]
        wanted = [labels_of(self._attributes[place]).index(label) for place, label in zip(places, labels, strict=True)]
        populated = {segment for segment, *groups in self._anybody if [groups[place] for place in places] == wanted}
        return [segment for number, segment in enumerate(self.segments) if number not in populated]

    def _added_up(self, attribute: str) -> dict[tuple[str, ...], list[_RunningCount]]:
        """Return the running counts of the groups of an attribute, or of attributes joined, by segment."""
        names = [each.name for each in self._attributes]
        places = [names.index(name) for name in attribute.split(CROSS)]
        known = [labels_of(self._attributes[place]) for place in places]
        people: dict[tuple[str, ...], list[Counter[int]]] = defaultdict(lambda: [Counter() for _ in self.segments])
        for (pane, segment, *groups), n in self._people.items():
            labels = tuple(own[groups[place]] for own, place in zip(known, places, strict=True))
            people[labels][segment][pane] += n
        return {labels: list(map(_running_count, by_segment)) for labels, by_segment in people.items()}


def _running_count(people: Counter[int]) -> _RunningCount:
    panes = sorted(people)
    return panes, [*accumulate((people[pane] for pane in panes), initial=0)]


@dataclass(frozen=True)
class DecidedCut:
    """Cuts that have decided in a replay.

    Attributes:
        score: Name of the score.
        cuts: The cut of each segment that has one; of ``EVERY_SEGMENT`` where it is the same for all.
        start_s: Start of the range that was replayed.
        end_s: Its end.
        segments: All segments of the policy.
        counts: Whom they made favorable, where segments have cuts of their own.
    """

    score: str
    cuts: Mapping[str, float]
    start_s: Moment
    end_s: Moment
    segments: tuple[str, ...] = ()
    counts: DecidedCounts | None = None

    def axis(self, start_s: Moment, end_s: Moment, *, is_total: bool) -> ScoreAxis:
        """Return the axis of a window; that of running totals is about the range, as in a search."""
        return ScoreAxis(self.score, *((self.start_s, self.end_s) if is_total else (start_s, end_s)))

    def relate(self, knowledge: Knowledge, axis: ScoreAxis, attribute: str, labels: Sequence[str]) -> None:
        """Note that everybody is all groups of an attribute, and every segment all segments."""
        relate_axis(knowledge, axis, attribute, labels, self.segments)

    def add_known(self, knowledge: Knowledge, axis: ScoreAxis, attribute: str, labels: tuple[str, ...]) -> None:
        """Take in that a segment has nobody of a group, which is no secret."""
        label = AND.join(labels)
        if self.counts is not None:
            relate_segments(knowledge, axis, attribute, label, self.segments)
            for segment, cut in product(self.counts.empty_segments(attribute, labels), self.cuts.values()):
                knowledge.add(axis.count(attribute, label, cut, 0, segment))

    def shown_counts(
        self, axis: ScoreAxis, attribute: str, labels: tuple[str, ...], favorable: int, window: tuple[Moment, Moment]
    ) -> list[Count] | None:
        """Return the counts that the favorable decisions of a group show.

        Args:
            axis: The axis of the window.
            attribute: Name of the attribute, or names joined.
            labels: A label of each.
            favorable: Its favorable decisions.
            window: Start and end of the window.

        Returns:
            Those who reach each cut; None where the window has other decisions than were counted by segment.
        """
        label = AND.join(labels)
        if self.counts is None:
            return [axis.count(attribute, label, cut, favorable) for cut in self.cuts.values()]
        people = self.counts.between(attribute, labels, *window)
        if sum(people) != favorable:
            return None
        return [
            axis.count(attribute, label, self.cuts[segment], n, segment)
            for segment, n in zip(self.counts.segments, people, strict=True)
            if segment in self.cuts
        ]
