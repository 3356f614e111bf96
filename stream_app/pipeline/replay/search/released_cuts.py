"""Which cuts of a score a search may show beside the cuts that were shown before.

Rates at two cuts of the same decisions can be subtracted, whether one search shows both or two do. So the people who
reach a cut are counts like others, with cuts instead of times as moments (``core.releases.tracks``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from stream_app.core.alternatives.tables import ScoreTable
from stream_app.core.alternatives.withholding import shown_cuts
from stream_app.core.arrays import Bools, Ints
from stream_app.core.releases.knowledge import Knowledge
from stream_app.core.releases.related import Count, People
from stream_app.core.releases.tracks import Moment
from stream_app.pipeline.replay.search.columns import labels_of
from stream_app.pipeline.replay.search.request import SearchedPair
from stream_app.policy import ModelPolicy

EVERY_SEGMENT = "every segment"
_EVERYBODY = "everybody"
_TOP = 1e300  # above every score


@dataclass(frozen=True)
class SearchRelease:
    """What a search may show.

    Attributes:
        k: Fewest people about whom anything is shown; 0 shows everything.
        withheld: Groups that are withheld, by place of the attribute.
        groups: Cuts that a group may show, by source of scores, place of the attribute, and number of the group; shape
            (segments, n_cuts).
        everybody: Cuts that may be shown of all decisions, by source of scores, likewise.
    """

    k: int
    withheld: Mapping[int, frozenset[str]] = field(default_factory=dict)
    groups: Mapping[tuple[int, int, int], Bools] = field(default_factory=dict)
    everybody: Mapping[int, Bools] = field(default_factory=dict)


@dataclass(frozen=True)
class ScoreAxis:
    """The cuts of one score, and the decisions that it is about.

    Attributes:
        score: Name of the score.
        start_s: Start of their range.
        end_s: Its end.
    """

    score: str
    start_s: Moment
    end_s: Moment

    def people(self, attribute: str, label: str, segment: str = EVERY_SEGMENT) -> People:
        """Return a group, by its score."""
        axis = f"{self.score} from {self.start_s:g} to {self.end_s:g}, {segment}"
        return People(f"{attribute}|{axis}", frozenset([(label,)]))

    def count(self, attribute: str, label: str, cut: float, n: int, segment: str = EVERY_SEGMENT) -> Count:
        """Return how many of a group reach a cut."""
        return Count(self.people(attribute, label, segment), cut, _TOP, n)


def choose_cuts(
    knowledge: Knowledge,
    tables: Sequence[Sequence[ScoreTable]],
    axes: Sequence[ScoreAxis],
    pairs: Sequence[SearchedPair],
    segments: Sequence[str],
    every: Sequence[str],
    k: int,
) -> SearchRelease:
    """Return the cuts that may be shown, and take them in.

    Args:
        knowledge: What was shown before.
        tables: Counts by source of scores and attribute.
        axes: The score of each source.
        pairs: Groups and their references.
        segments: Name of each segment that has cuts of its own.
        every: All segments of the policy.
        k: Fewest people of a difference.
    """
    groups: dict[tuple[int, int, int], Bools] = {}
    everybody: dict[int, Bools] = {}
    for number, (axis, by_attribute) in enumerate(zip(axes, tables, strict=True)):
        for attribute in {pair.attribute.name: pair.attribute for pair in pairs}.values():
            relate_axis(knowledge, axis, attribute.name, labels_of(attribute), every)
        table = by_attribute[pairs[0].place]
        counts = table.counts.sum(axis=2, keepdims=True)
        everybody[number] = _choose(
            knowledge, axis, "", _EVERYBODY, (table.cuts.tolist(), counts[:, :, 0]), segments, k
        )
        for pair in pairs:
            table, labels = by_attribute[pair.place], labels_of(pair.attribute)
            for label in np.flatnonzero(~table.counts.any(axis=(0, 1, 3, 4))).tolist():  # no secret
                for segment, cut in product(segments, table.cuts.tolist()):
                    knowledge.add(axis.count(pair.attribute.name, labels[label], cut, 0, segment))
            for label in pair.numbers:
                if (number, pair.place, label) not in groups:
                    cuts = table.cuts.tolist(), table.counts[:, :, label]
                    groups[number, pair.place, label] = _choose(
                        knowledge, axis, pair.attribute.name, labels[label], cuts, segments, k
                    )
    return SearchRelease(k, groups=groups, everybody=everybody)


def _choose(
    knowledge: Knowledge,
    axis: ScoreAxis,
    attribute: str,
    label: str,
    counts: tuple[Sequence[float], Ints],
    segments: Sequence[str],
    k: int,
) -> Bools:
    """Return the cuts of one group; the counts are by segment, place of the score, logged decision and outcome."""
    cuts, people = counts
    permitted = np.zeros((len(segments), len(cuts)), np.bool_)
    for number, segment in enumerate(segments):
        by_place, unscored = people[number].sum(axis=(1, 2)), int(people[number, -1, 1].sum())
        reached = unscored + by_place[:0:-1][1:].cumsum()[::-1]  # at each cut: all from the next place on
        alone = shown_cuts(by_place[:-1], k)
        wanted = {
            place: axis.count(attribute, label, cuts[place], int(reached[place]), segment)
            for place in np.flatnonzero(alone).tolist()
        }
        for place in sorted(wanted, key=lambda place: not knowledge.knows(wanted[place])):
            permitted[number, place] = knowledge.add_for_good(wanted[place])
    return permitted


def relate_axis(
    knowledge: Knowledge, axis: ScoreAxis, attribute: str, labels: Sequence[str], segments: Sequence[str]
) -> None:
    """Note that everybody is all groups of an attribute, in each segment, and that every segment is all segments.

    Args:
        knowledge: What was shown before.
        axis: The axis of the score.
        attribute: Name of the attribute.
        labels: All its groups.
        segments: All segments of the policy; none without.
    """
    for segment in (EVERY_SEGMENT, *segments):
        parts = [axis.people(attribute, label, segment) for label in labels]
        knowledge.relate(axis.people("", _EVERYBODY, segment), parts)
    if segments:
        relate_segments(knowledge, axis, "", _EVERYBODY, segments)
        for label in labels:
            relate_segments(knowledge, axis, attribute, label, segments)


def relate_segments(knowledge: Knowledge, axis: ScoreAxis, attribute: str, label: str, segments: Sequence[str]) -> None:
    """Note that every segment is all segments, for one group."""
    parts = [axis.people(attribute, label, segment) for segment in segments]
    knowledge.relate(axis.people(attribute, label), parts)


def segments_of(model: ModelPolicy) -> tuple[str, ...]:
    """Return all segments of a policy; none where it declares none."""
    return () if model.segment is None else labels_of(model.segment)
