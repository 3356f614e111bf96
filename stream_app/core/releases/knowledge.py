"""What follows from all counts of people that were ever shown, and whether one more would isolate a few.

Each set of people has a track (``tracks``). Sets are related: everybody is the women, the men and those of unknown
gender; the women are the black women, the white women and so on. Where all sets of such a relation but one are
connected between two moments, the last one is too, by subtraction. How many decisions there are in all is taken for
known, as live counters say it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from stream_app.core.releases.tracks import Moment, Track

Labels = tuple[str, ...]
Members = frozenset[Labels]


class People(NamedTuple):
    """A set of people.

    Attributes:
        attribute: Name of the attribute, or names joined; of everybody empty. What else the set depends on follows
            after a vertical bar.
        members: The groups of the policy that it consists of; none for everybody.
    """

    attribute: str
    members: Members


class Count(NamedTuple):
    """A count of people between two moments."""

    people: People
    start: Moment
    end: Moment
    n: int


class StoredChain(NamedTuple):
    """A chain as it is stored: the set of people, moments in order, and the running count at each."""

    attribute: str
    members: tuple[Labels, ...]
    moments: list[Moment]
    values: list[int]


class _Relation(NamedTuple):
    whole: People
    parts: tuple[People, ...]


class Knowledge:
    """Everything that was shown of a model, and what follows from it.

    Args:
        k: Fewest people that may follow.
        stored: What former processes knew.

    >>> women, men = People("gender", frozenset({("f",)})), People("gender", frozenset({("m",)}))
    >>> everybody, knowledge = People("", frozenset()), Knowledge(10)
    >>> knowledge.relate(everybody, [women, men])
    >>> for end, n in ((100, 300), (110, 340)):
    ...     knowledge.add(Count(everybody, 0, end, n))
    >>> knowledge.add_if_safe(Count(women, 0, 100, 120)), knowledge.add_if_safe(Count(women, 0, 110, 153))
    (True, False)
    """

    def __init__(self, k: int, stored: Iterable[StoredChain] = ()) -> None:
        self._k = k
        self._stored: dict[People, list[StoredChain]] = defaultdict(list)
        for chain in stored:
            self._stored[People(chain.attribute, frozenset(chain.members))].append(chain)
        self._tracks: dict[People, Track] = {}
        self._relations: dict[People, dict[_Relation, None]] = defaultdict(dict)
        self._trail: list[Track] = []
        self._added: list[Count] = []

    def sets_of(self, attribute: str) -> list[Members]:
        """Return the members of every set of an attribute of which anything was shown before."""
        return [people.members for people in (*self._stored, *self._tracks) if people.attribute == attribute]

    def relate(self, whole: People, parts: Iterable[People]) -> None:
        """Note that a set consists of others that do not overlap."""
        relation = _Relation(whole, tuple(parts))
        for people in (whole, *relation.parts):
            self._relations[people][relation] = None

    def add(self, count: Count) -> None:
        """Take in a count that is known anyway."""
        self._take(count, 0)

    def add_if_safe(self, count: Count) -> bool:
        """Take in a count unless fewer than k people follow from it; return whether it was taken in."""
        mark = self.mark()
        if self._take(count, self._k):
            return True
        self.undo(mark)
        return False

    def knows(self, count: Count) -> bool:
        """Return whether a count follows already."""
        return self._track(count.people).knows(count.start, count.end, count.n)

    def change_of(self, count: Count) -> int:
        """Return by how many people a count differs from the one that is known; 0 where none is."""
        known = self._track(count.people).between(count.start, count.end)
        return 0 if known is None else count.n - known

    def is_few(self, n: int) -> bool:
        """Return whether these are 1 to k-1 people, more or fewer."""
        return 0 < abs(n) < self._k

    def is_related(self, people: People) -> bool:
        """Return whether anything can follow from a set."""
        return people in self._relations

    def settle(self) -> None:
        """Take everything that was taken in so far for known by all processes."""
        self._trail.clear()
        self._added.clear()

    def mark(self) -> tuple[int, int]:
        """Return where ``undo`` shall go back to."""
        return len(self._trail), len(self._added)

    def undo(self, mark: tuple[int, int]) -> None:
        """Forget what was taken in since."""
        while len(self._trail) > mark[0]:
            self._trail.pop().undo()
        del self._added[mark[1] :]

    def news(self) -> list[StoredChain]:
        """Return what was taken in by this process."""
        by_people: dict[People, list[Count]] = defaultdict(list)
        for count in self._added:
            by_people[count.people].append(count)
        return [_stored(people, *chain) for people, counts in by_people.items() for chain in _linked(counts)]

    def everything(self) -> list[StoredChain]:
        """Return all that is known, each set in as few chains as possible."""
        for people in list(self._stored):
            self._track(people)
        return [
            _stored(people, chain.moments, chain.values)
            for people, track in self._tracks.items()
            for chain in track.chains()
        ]

    def _track(self, people: People) -> Track:
        track = self._tracks.get(people)
        if track is None:
            track = self._tracks[people] = Track()
            for chain in self._stored.pop(people, ()):
                track.load(chain.moments, chain.values)
        return track

    def _take(self, count: Count, k: int) -> bool:
        waiting = [count]
        while waiting:
            people, start, end, n = count = waiting.pop()
            track = self._track(people)
            n_steps = track.n_steps
            moved = track.join(start, end, n, k if people.members else 0)
            if moved is None:
                return False
            if track.n_steps > n_steps:
                self._trail.append(track)
                self._added.append(count)
                waiting += self._implied(people, moved, (start, end))
        return True

    def _implied(self, people: People, moved: Sequence[Moment], ends: tuple[Moment, Moment]) -> Iterator[Count]:
        """Yield what follows of related sets, now that these moments have others in their chain."""
        for relation in self._relations.get(people, ()):
            sets = (relation.whole, *relation.parts)
            tracks = {one: self._track(one) for one in sets}
            for implied in sets:
                if implied == people or not implied.members:
                    continue
                others = [tracks[one] for one in sets if one != implied]
                for moment in moved:
                    other = _connected_in_all(others, moment, ends)
                    if other is not None:
                        start, end = min(moment, other), max(moment, other)
                        yield Count(implied, start, end, _rest(tracks, relation, implied, start, end))


def _connected_in_all(tracks: Sequence[Track], moment: Moment, ends: tuple[Moment, Moment]) -> Moment | None:
    """Return another moment that is connected with one in every track."""
    chains = [track.chain_at(moment) for track in tracks]
    if any(chain is None for chain in chains):
        return None
    pairs = list(zip(tracks, chains, strict=True))
    shortest = min((chain.moments for chain in chains if chain is not None), key=len)
    return next(
        (
            other
            for other in (*ends, *shortest)
            if other != moment and all(track.chain_at(other) is chain for track, chain in pairs)
        ),
        None,
    )


def _rest(tracks: Mapping[People, Track], relation: _Relation, implied: People, start: Moment, end: Moment) -> int:
    """Return the people of a set of a relation, by those of all others."""
    known = {people: tracks[people].between(start, end) or 0 for people in (relation.whole, *relation.parts)}
    of_parts = sum(known[part] for part in relation.parts if part != implied)
    return of_parts if implied == relation.whole else known[relation.whole] - of_parts


def _linked(counts: Iterable[Count]) -> Iterator[tuple[list[Moment], list[int]]]:
    """Link counts, each of which begins where the one before ends."""
    moments: list[Moment] = []
    values: list[int] = []
    for _, start, end, n in sorted(counts, key=lambda count: (count.start, count.end)):
        if not moments or moments[-1] != start:
            if moments:
                yield moments, values
            moments, values = [start], [0]
        moments.append(end)
        values.append(values[-1] + n)
    if moments:
        yield moments, values


def _stored(people: People, moments: Sequence[Moment], values: Sequence[int]) -> StoredChain:
    return StoredChain(people.attribute, tuple(sorted(people.members)), list(moments), list(values))
