"""Which counts are hidden so that nothing follows from several lines of tables at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np

from stream_app.core.arrays import Floats
from stream_app.core.releases.knowledge import Chains
from stream_app.core.releases.overlaps.coupled import is_known, leaks_of, settle_coupled
from stream_app.core.releases.overlaps.pieces import Pieces
from stream_app.core.releases.overlaps.running import Edge, RunningCount, edges_of_chain
from stream_app.core.releases.overlaps.support import Support
from stream_app.core.releases.overlaps.system import Leak, Memory
from stream_app.core.releases.overlaps.universe import Universe, universes_of
from stream_app.core.releases.related import Count

_LEAST_SHARE = 1e-3


def counts_to_hide(
    views: Sequence[Chains], candidates: Sequence[Count], suffixes: Collection[str], k: int, *, is_strict: bool = True
) -> set[int]:
    """Return the numbers of the counts that are hidden so that no set of fewer than k people follows.

    Args:
        views: What different readers know of each set, those who know most first. Only these matter for attributes
            that are not crossed.
        candidates: The counts that would be shown, the most important first.
        suffixes: What follows the names of attributes, for each choice of decisions that are counted.
        k: Fewest people that may follow.
        is_strict: Whether sets count as few of which only readers of live counters know how many they are.
    """
    hidden: set[int] = set()
    sets = dict.fromkeys([*views[0], *(count.people for count in candidates)])
    for suffix in suffixes:
        for universe in universes_of(sets, suffix):
            for known in views if universe.is_crossed else views[:1]:
                search = _Search(universe, known, candidates, hidden, Memory(is_strict=is_strict))
                while chosen := search.choose(k):
                    hidden |= chosen
    return hidden


class _Search:
    """Looks for counts to hide, again and again while fewer are shown.

    Args:
        universe: The cells.
        known: What is known of each set.
        candidates: The counts that would be shown.
        hidden: Those that are hidden already.
        memory: What was computed before.
    """

    def __init__(
        self,
        universe: Universe,
        known: Chains,
        candidates: Sequence[Count],
        hidden: Collection[int],
        memory: Memory,
    ) -> None:
        self._universe, self._candidates, self._memory = universe, candidates, memory
        self._places = {people: place for place, people in enumerate(universe.sets)}
        self._edges: list[list[Edge]] = [
            [edge for chain in known.get(people, ()) for edge in edges_of_chain(*chain)] for people in universe.sets
        ]
        for number, count in enumerate(candidates):
            if number not in hidden and count.people in self._places:
                self._edges[self._places[count.people]].append(Edge(count.start, count.end, count.n, number))
        ends = [end for edges in self._edges for edge in edges for end in (edge.start, edge.end)]
        self._moments: Floats = np.unique(np.array(ends, np.float64))
        self._running = [RunningCount(edges) for edges in self._edges]
        self._links = [[*running.links(place)] for place, running in enumerate(self._running)]

    def choose(self, k: int) -> set[int]:
        """Return counts to hide, and hide them: one for each small sum that follows."""
        pieces = Pieces(self._universe, [link for links in self._links for link in links], self._moments, self._memory)
        chosen: set[int] = set()
        support = Support(pieces, self._running)
        for leak in leaks_of(pieces, k, self._memory):
            number = self._count_to_hide(leak, support, chosen)
            if number is not None:
                chosen.add(number)
        for place in sorted({self._places[self._candidates[number].people] for number in chosen}):
            self._edges[place] = [edge for edge in self._edges[place] if edge.candidate not in chosen]
            self._running[place] = RunningCount(self._edges[place])
            self._links[place] = [*self._running[place].links(place)]
        return chosen

    @cached_property
    def _before(self) -> Pieces:
        """What follows without the counts that would be shown."""
        running = [RunningCount(edge for edge in edges if edge.candidate is None) for edges in self._edges]
        links = [link for place, own in enumerate(running) for link in own.links(place)]
        pieces = Pieces(self._universe, links, self._moments, self._memory)
        settle_coupled(pieces, Memory())
        return pieces

    def _count_to_hide(self, leak: Leak, support: Support, chosen: Collection[int]) -> int | None:
        """Return one of the counts that a leak needs; None where it follows without them, or one of them is hidden."""
        of_row = [support.candidates_of(row) for row in leak.rows]
        shares = np.where([bool(numbers) for numbers in of_row], np.abs(leak.shares), 0)
        needed = np.flatnonzero(shares > _LEAST_SHARE).tolist()
        if any(number in chosen for place in needed for number in of_row[place]) or is_known(self._before, leak):
            return None
        if not needed:  # they are why some cells are known to have nobody
            return self._any_inside(leak, chosen)
        most = max(self._n_attributes(of_row[place][0]) for place in needed)
        needed = [place for place in needed if self._n_attributes(of_row[place][0]) == most]
        main = max(needed, key=lambda place: (round(float(shares[place]), 6), -self._people(max(of_row[place]))))
        return max(of_row[main], key=lambda number: (-self._people(number), number))

    def _any_inside(self, leak: Leak, chosen: Collection[int]) -> int | None:
        """Return the least important count of the time of a leak; None where there is none, or one is hidden."""
        start, end = self._moments[leak.group.min()], self._moments[leak.group.max() + 1]
        inside = {
            edge.candidate
            for edges in self._edges
            for edge in edges
            if edge.candidate is not None and edge.start < end and start < edge.end
        }
        if not inside or inside & set(chosen):
            return None
        return max(inside, key=lambda number: (self._n_attributes(number), -self._people(number), number))

    def _n_attributes(self, number: int) -> int:
        return self._universe.n_attributes(self._places[self._candidates[number].people])

    def _people(self, number: int) -> int:
        return self._candidates[number].n
