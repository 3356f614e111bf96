"""What is known of one set of people over time: how many of them came between moments that are connected.

A count of a range is the difference of a running count at two moments, so it connects them: in ``[0, 100)`` and
``[0, 110)`` the moments 100 and 110 are connected through 0. Moments that are connected are kept as a chain, in order,
each with the running count. Two chains become one when a count connects them; then each moment gets new neighbors, and
the people between it and these follow.

Moments are times in most tracks. They can be anything in order: cuts of a score, with the people who reach them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
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

    def within(self, first: Moment, last: Moment) -> Sequence[Moment]:
        """Return the moments from one to another, both included."""
        return self.moments[bisect_left(self.moments, first) : bisect_right(self.moments, last)]

    def take(self, moments: Sequence[Moment], values: Sequence[int]) -> None:
        """Add moments, in order; none of them is there already."""
        if moments[0] > self.moments[-1]:
            self.moments += moments
            self.values += values
        elif moments[-1] < self.moments[0]:
            self.moments[:0] = moments
            self.values[:0] = values
        else:
            for moment, value in zip(moments, values, strict=True):
                self.insert(moment, value)

    def insert(self, moment: Moment, value: int) -> None:
        """Add a moment, after those that are equal."""
        place = bisect_right(self.moments, moment)
        self.moments.insert(place, moment)
        self.values.insert(place, value)

    def remove(self, moment: Moment, first: int = 0) -> None:
        """Take a moment away, with all its counts but the first ones."""
        places = slice(bisect_left(self.moments, moment) + first, bisect_right(self.moments, moment))
        del self.moments[places], self.values[places]

    def has_near(self, moment: Moment, value: int, k: int) -> bool:
        """Return whether 1 to k-1 people are between a moment that is added and one of its neighbors."""
        before, after = bisect_left(self.moments, moment), bisect_right(self.moments, moment)
        neighbors = [self.moments[before - 1]] if before else []
        neighbors += self.moments[after : after + 1]
        return any(0 < abs(value - other) < k for neighbor in neighbors for other in self.values_at(neighbor))


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

    def chain_at(self, moment: Moment) -> Chain | None:
        """Return the chain of a moment; None where nothing is known of it."""
        return self._at.get(moment)

    def between(self, start: Moment, end: Moment) -> int | None:
        """Return the people between two moments; None where they do not follow."""
        chain = self._at.get(start)
        if chain is None or self._at.get(end) is not chain:
            return None
        return chain.value_at(end) - chain.value_at(start)

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
            Moments that have other neighbors now; None where fewer than k people would follow, and nothing has changed.
        """
        first, last = self._chain_at(start), self._chain_at(end)
        if first is last:
            return _NOTHING if self._restate(first, start, end, n, k) else None
        shift = first.value_at(start) + n - last.value_at(end)
        large, small = first, last
        if len(first.moments) < len(last.moments):
            large, small, shift = last, first, -shift
        moved = [(moment, value + shift) for moment, value in zip(small.moments, small.values, strict=True)]
        if k and any(large.has_near(moment, value, k) for moment, value in moved):
            return None
        large.take(small.moments, [value for _, value in moved])
        self._at.update(dict.fromkeys(small.moments, large))
        self._steps.append((large, small))
        return small.moments

    @property
    def n_steps(self) -> int:
        """How many counts have changed anything."""
        return len(self._steps)

    def undo(self) -> None:
        """Forget the last count that has changed anything."""
        chain, taken = self._steps.pop()
        if not isinstance(taken, Chain):
            chain.remove(taken, len(chain.values_at(taken)) - 1)
            return
        for moment in taken.moments:
            chain.remove(moment)
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
