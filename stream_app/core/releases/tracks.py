"""What is known of one set of people over time: how many of them came between moments that are connected.

A count of a range is the difference of a running count at two moments, so it connects them: in ``[0, 100)`` and
``[0, 110)`` the moments 100 and 110 are connected through 0. Moments that are connected are kept as a chain, in order,
each with the running count. Two chains become one when a count connects them; then each moment gets new neighbors, and
the people between it and these follow.

Moments are times in most tracks. They can be anything in order: cuts of a score, with the people who reach them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise

Moment = float
_NOTHING: tuple[Moment, ...] = ()


class Chain:
    """Moments that are connected, in order, and the running count at each.

    A moment is there twice where the log had grown between two releases. Then the counts that were shown of it differ.

    Args:
        moments: The moments.
        values: The running counts, from any origin.
    """

    __slots__ = ("moments", "values")

    def __init__(self, moments: Iterable[Moment], values: Iterable[int]) -> None:
        self.moments, self.values = list(moments), list(values)

    def value_at(self, moment: Moment) -> int:
        """Return the count at a moment of the chain, the first one of several."""
        return self.values[bisect_left(self.moments, moment)]

    def values_at(self, moment: Moment) -> list[int]:
        """Return every count at a moment."""
        return self.values[bisect_left(self.moments, moment) : bisect_right(self.moments, moment)]

    def take(self, other: Chain, shift: int) -> None:
        """Add the moments of another chain, none of which is there already.

        Args:
            other: The other chain.
            shift: What is added to its running counts.
        """
        for place, first, last in reversed(list(self._runs_of(other))):
            self.moments[place:place] = other.moments[first:last]
            self.values[place:place] = [value + shift for value in other.values[first:last]]

    def give_back(self, other: Chain) -> None:
        """Take away again the moments of another chain."""
        place = 0
        while place < len(other.moments):
            start = bisect_left(self.moments, other.moments[place])
            n = 1
            while place + n < len(other.moments) and self.moments[start + n] == other.moments[place + n]:
                n += 1
            del self.moments[start : start + n], self.values[start : start + n]
            place += n

    def insert(self, moment: Moment, value: int) -> None:
        """Add a moment, after those that are equal."""
        place = bisect_right(self.moments, moment)
        self.moments.insert(place, moment)
        self.values.insert(place, value)

    def remove_last(self, moment: Moment) -> None:
        """Take away the last count at a moment."""
        place = bisect_right(self.moments, moment) - 1
        del self.moments[place], self.values[place]

    def has_any_near(self, other: Chain, shift: int, k: int) -> bool:
        """Return whether 1 to k-1 people are between a moment of another chain and a neighbor; see ``take``."""
        ends = {end for _, first, last in self._runs_of(other) for end in (first, last - 1)}
        return any(
            self.has_near(other.moments[end], value + shift, k)
            for end in sorted(ends)
            for value in other.values_at(other.moments[end])
        )

    def has_near(self, moment: Moment, value: int, k: int) -> bool:
        """Return whether 1 to k-1 people are between a moment that is added and one of its neighbors."""
        before, after = bisect_left(self.moments, moment), bisect_right(self.moments, moment)
        neighbors = [self.moments[before - 1]] if before else []
        neighbors += self.moments[after : after + 1]
        return any(0 < abs(value - other) < k for neighbor in neighbors for other in self.values_at(neighbor))

    def _runs_of(self, other: Chain) -> Iterator[tuple[int, int, int]]:
        """Yield the runs of another chain between two neighboring moments: the place, and their first and last one."""
        first = 0
        while first < len(other.moments):
            place = bisect_left(self.moments, other.moments[first])
            is_last = place == len(self.moments)
            last = len(other.moments) if is_last else bisect_left(other.moments, self.moments[place], first)
            yield place, first, last
            first = last


Link = tuple[Chain, Chain, int]


class Track:
    """The chains of one set of people.

    >>> track = Track()
    >>> track.join(0, 100, 300, 10) is not None, track.join(0, 110, 308, 10) is None, track.join(0, 120, 320, 10)
    (True, True, [120])
    >>> track.between(100, 120), track.between(100, 110)
    (20, None)
    """

    def __init__(self) -> None:
        self._at: dict[Moment, Chain] = {}
        self._steps: list[tuple[Chain, Chain | Moment]] = []

    def load(self, moments: Sequence[Moment], values: Sequence[int]) -> None:
        """Take in a chain of a former process."""
        known = [place for place, moment in enumerate(moments) if moment in self._at]
        for before, after in pairwise([-1, *known, len(moments)]):
            if new := moments[before + 1 : after]:  # nothing is known of these yet
                self._at.update(dict.fromkeys(new, Chain(new, values[before + 1 : after])))
        for place in known:
            for start, end in ((place - 1, place), (place, place + 1)):
                if start >= 0 and end < len(moments):
                    self.join(moments[start], moments[end], values[end] - values[start], 0)

    def chains(self) -> Iterator[Chain]:
        """Yield every chain of more than one moment."""
        yield from (chain for chain in {id(chain): chain for chain in self._at.values()}.values() if chain.moments[1:])

    @property
    def moments(self) -> Collection[Moment]:
        """Every moment of which anything is known, in any order."""
        return self._at.keys()

    def chain_at(self, moment: Moment) -> Chain | None:
        """Return the chain of several moments that one is in; None where nothing is known between it and another."""
        chain = self._at.get(moment)
        return None if chain is None or len(chain.moments) == 1 else chain

    def between(self, start: Moment, end: Moment) -> int | None:
        """Return the people between two moments; None where they do not follow."""
        chain = self._at.get(start)
        if chain is None or self._at.get(end) is not chain:
            return None
        return chain.value_at(end) - chain.value_at(start)

    def link_of(self, start: Moment, end: Moment, n: int) -> Link | None:
        """Return how a count would connect two chains: whatever moments it does that by, the same would follow.

        Returns:
            The chains and what would be added to the running counts of the second one; None where nothing is known of
            one of the moments, or both are connected.
        """
        first, last = self._at.get(start), self._at.get(end)
        if first is None or last is None or first is last:
            return None
        return first, last, first.value_at(start) + n - last.value_at(end)

    def knows(self, start: Moment, end: Moment, n: int) -> bool:
        """Return whether this many people between two moments follow already."""
        chain = self._at.get(start)
        if chain is None or self._at.get(end) is not chain:
            return False
        return n in {after - before for before in chain.values_at(start) for after in chain.values_at(end)}

    def join(self, start: Moment, end: Moment, n: int, k: int) -> Sequence[Moment] | None:
        """Take in a count.

        Args:
            start: Start of its range.
            end: Its end.
            n: People.
            k: Fewest people that may follow; 0 takes in everything.

        Returns:
            Moments that are in another chain now, or in one of several moments for the first time; None where fewer
            than k people would follow, and nothing has changed.
        """
        first, last = self._chain_at(start), self._chain_at(end)
        if first is last:
            return _NOTHING if self._restate(first, start, end, n, k) else None
        shift = first.value_at(start) + n - last.value_at(end)
        large, small = first, last
        if len(first.moments) < len(last.moments):
            large, small, shift = last, first, -shift
        if k and large.has_any_near(small, shift, k):
            return None
        joined = small.moments if len(large.moments) > 1 else [*large.moments, *small.moments]
        large.take(small, shift)
        self._at.update(dict.fromkeys(small.moments, large))
        self._steps.append((large, small))
        return joined

    @property
    def n_steps(self) -> int:
        """How many counts have changed anything."""
        return len(self._steps)

    def undo(self) -> None:
        """Forget the last count that has changed anything."""
        chain, taken = self._steps.pop()
        if not isinstance(taken, Chain):
            chain.remove_last(taken)
            return
        chain.give_back(taken)
        self._at.update(dict.fromkeys(taken.moments, taken))

    def _chain_at(self, moment: Moment) -> Chain:
        chain = self._at.get(moment)
        if chain is None:
            chain = self._at[moment] = Chain([moment], [0])
        return chain

    def _restate(self, chain: Chain, start: Moment, end: Moment, n: int, k: int) -> bool:
        """Take in a count of moments that are connected: the known one, or that of a log that has grown since."""
        known = {after - before for before in chain.values_at(start) for after in chain.values_at(end)}
        if n in known:
            return True
        value = chain.value_at(start) + n
        if k and (any(abs(n - other) < k for other in known) or chain.has_near(end, value, k)):
            return False
        chain.insert(end, value)
        self._steps.append((chain, end))
        return True
