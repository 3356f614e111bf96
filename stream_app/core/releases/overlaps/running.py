"""The running count of each set of people: which moments are connected, and by which counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from stream_app.core.releases.tracks import Moment


class Edge(NamedTuple):
    """A count of one set between two moments.

    Attributes:
        start: Start of its range.
        end: Its end.
        n: People.
        candidate: Its number among the counts that would be shown; None where it was known before.
    """

    start: Moment
    end: Moment
    n: int
    candidate: int | None


class Link(NamedTuple):
    """Two neighboring moments of a chain: nothing is known of those in between.

    Attributes:
        place: Place of the set.
        start: The first moment.
        end: The second one.
        n: People between them.
    """

    place: int
    start: Moment
    end: Moment
    n: int


class _Place(NamedTuple):
    """Where a moment is in its chain: the running count, the steps from the first moment, and the last of these."""

    value: int
    depth: int
    edge: Edge | None


class RunningCount:
    """What is known of a set of people.

    Where the log had grown between two counts, the first one counts.

    >>> running = RunningCount([Edge(0, 100, 300, None), Edge(0, 60, 200, 0)])
    >>> [*running.links(7)], running.candidates_between(60, 100)
    ([Link(place=7, start=0, end=60, n=200), Link(place=7, start=60, end=100, n=100)], [0])
    """

    def __init__(self, edges: Iterable[Edge]) -> None:
        self._edges_at: dict[Moment, list[Edge]] = {}
        for edge in edges:
            self._edges_at.setdefault(edge.start, []).append(edge)
            self._edges_at.setdefault(edge.end, []).append(edge)
        self._places: dict[Moment, _Place] = {}
        self._chains = [self._chain_from(first) for first in self._edges_at if first not in self._places]

    def links(self, place: int) -> Iterator[Link]:
        """Yield the links of every chain."""
        for chain in self._chains:
            for start, end in pairwise(sorted(chain)):
                yield Link(place, start, end, self._places[end].value - self._places[start].value)

    def candidates_between(self, start: Moment, end: Moment) -> list[int]:
        """Return the counts that would be shown and connect two moments of a chain."""
        for edge in self._edges_at.get(start, ()):
            if edge.end == end:
                return [] if edge.candidate is None else [edge.candidate]
        candidates, ends = [], [start, end]
        while ends[0] != ends[1]:
            far = max((0, 1), key=lambda side: self._places[ends[side]].depth)
            step = self._places[ends[far]].edge
            assert step is not None, "the moments are in two chains"
            candidates += [] if step.candidate is None else [step.candidate]
            ends[far] = step.start if step.end == ends[far] else step.end
        return candidates

    def _chain_from(self, first: Moment) -> list[Moment]:
        self._places[first] = _Place(0, 0, None)
        chain = [first]
        for moment in chain:
            value, depth, _ = self._places[moment]
            for edge in self._edges_at[moment]:
                is_start = edge.start == moment
                other = edge.end if is_start else edge.start
                if other not in self._places:
                    self._places[other] = _Place(value + (edge.n if is_start else -edge.n), depth + 1, edge)
                    chain.append(other)
        return chain


def edges_of_chain(moments: Sequence[Moment], values: Sequence[int]) -> Iterator[Edge]:
    """Yield the counts of a chain that was known before."""
    for place in range(len(moments) - 1):
        if moments[place] < moments[place + 1]:
            yield Edge(moments[place], moments[place + 1], values[place + 1] - values[place], None)
