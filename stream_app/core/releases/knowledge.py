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

from stream_app.core.releases.tracks import Chain, Moment, Track

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


class WithheldCount(NamedTuple):
    """A count that was withheld, without its number, as it is stored."""

    attribute: str
    members: tuple[Labels, ...]
    start: Moment
    end: Moment


class _Relation(NamedTuple):
    whole: People
    parts: tuple[People, ...]


class Knowledge:
    """Everything that was shown of a model, and what follows from it.

    Args:
        k: Fewest people that may follow.
        stored: What former processes knew.
        withheld: What they withheld; it stays withheld, so that the same question has the same answer.

    >>> women, men = People("gender", frozenset({("f",)})), People("gender", frozenset({("m",)}))
    >>> everybody, knowledge = People("", frozenset()), Knowledge(10)
    >>> knowledge.relate(everybody, [women, men])
    >>> for end, n in ((100, 300), (110, 340)):
    ...     knowledge.add(Count(everybody, 0, end, n))
    >>> knowledge.add_if_safe(Count(women, 0, 100, 120)), knowledge.add_if_safe(Count(women, 0, 110, 153))
    (True, False)
    """

    def __init__(self, k: int, stored: Iterable[StoredChain] = (), withheld: Iterable[WithheldCount] = ()) -> None:
        self._k = k
        self._withheld = dict.fromkeys(withheld, True)
        self._stored: dict[People, list[StoredChain]] = defaultdict(list)
        for chain in stored:
            self._stored[People(chain.attribute, frozenset(chain.members))].append(chain)
        self._tracks: dict[People, Track] = {}
        self._relations: dict[People, dict[_Relation, None]] = defaultdict(dict)
        self._related: list[_Relation] = []
        self._trail: list[Track] = []
        self._added: list[Count] = []

    def sets_of(self, attribute: str) -> list[Members]:
        """Return the members of every set of an attribute of which anything was shown before."""
        return [people.members for people in (*self._stored, *self._tracks) if people.attribute == attribute]

    def relate(self, whole: People, parts: Iterable[People]) -> None:
        """Note that a set consists of others that do not overlap."""
        relation = _Relation(whole, tuple(parts))
        if relation not in self._relations[whole]:
            self._related.append(relation)
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

    def known_of(self, people: People, start: Moment, end: Moment) -> int | None:
        """Return the people of a set between two moments; None where they do not follow."""
        return self._track(people).between(start, end)

    def change_of(self, count: Count) -> int:
        """Return by how many people a count differs from the one that is known; 0 where none is."""
        known = self._track(count.people).between(count.start, count.end)
        return 0 if known is None else count.n - known

    def withhold(self, count: Count) -> None:
        """Note that a count is withheld."""
        self._withheld.setdefault(_withheld(count), False)

    def is_withheld(self, count: Count) -> bool:
        """Return whether a count was withheld before, whatever its number was."""
        return _withheld(count) in self._withheld

    def add_for_good(self, count: Count) -> bool:
        """Take in a count as ``add_if_safe`` does, or note that it is withheld, and decide so ever after."""
        if not self.is_withheld(count) and self.add_if_safe(count):
            return True
        self.withhold(count)
        return False

    def newly_withheld(self) -> list[WithheldCount]:
        """Return what this process has withheld first."""
        return [count for count, is_former in self._withheld.items() if not is_former]

    def is_few(self, n: int) -> bool:
        """Return whether these are 1 to k-1 people, more or fewer."""
        return 0 < abs(n) < self._k

    def is_related(self, people: People) -> bool:
        """Return whether anything can follow from a set."""
        return bool(self._relations.get(people))

    def settle(self) -> None:
        """Take everything that was taken in so far for known by all processes."""
        self._trail.clear()
        self._added.clear()

    def mark(self) -> tuple[int, int, int]:
        """Return where ``undo`` shall go back to."""
        return len(self._trail), len(self._added), len(self._related)

    def undo(self, mark: tuple[int, int, int]) -> None:
        """Forget what was taken in, and which sets were related, since."""
        while len(self._related) > mark[2]:
            relation = self._related.pop()
            for people in (relation.whole, *relation.parts):
                del self._relations[people][relation]
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
                waiting += self._implied(people, moved, end if start in moved else start)
        return True

    def _implied(self, people: People, moved: Sequence[Moment], anchor: Moment) -> Iterator[Count]:
        """Yield what follows of related sets, now that these moments are in the chain of another."""
        for relation in self._relations.get(people, ()):
            sets = (relation.whole, *relation.parts)
            tracks = {one: self._track(one) for one in sets}
            for implied in sets:
                if implied == people or not implied.members:
                    continue
                others = [tracks[one] for one in sets if one != implied]
                for moment in moved:
                    other = _newly_connected(others, tracks[implied], moment, anchor)
                    if other is not None:
                        start, end = min(moment, other), max(moment, other)
                        yield Count(implied, start, end, _rest(tracks, relation, implied, start, end))


def _newly_connected(tracks: Sequence[Track], implied: Track, moment: Moment, anchor: Moment) -> Moment | None:
    """Return a moment that is connected with one in every track, and not yet in the one that follows from these.

    Args:
        tracks: All tracks of a relation but one.
        implied: That one.
        moment: The moment, in the chain of others since now.
        anchor: One of these others.
    """
    chains: list[Chain] = []
    for track in tracks:
        chain = track.chain_at(moment)
        if chain is None or len(chain.moments) == 1:
            return None
        chains.append(chain)
    first, last = max(chain.moments[0] for chain in chains), min(chain.moments[-1] for chain in chains)
    if first == last:  # the moment itself
        return None
    own, pairs = implied.chain_at(moment), list(zip(tracks, chains, strict=True))

    def is_connected(other: Moment) -> bool:
        return all(track.chain_at(other) is chain for track, chain in pairs)

    if is_connected(anchor):
        return anchor if own is None or implied.chain_at(anchor) is not own else None
    shortest = min((chain.within(first, last) for chain in chains), key=len)
    return next(
        (
            other
            for other in shortest
            if other != moment and (own is None or implied.chain_at(other) is not own) and is_connected(other)
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


def _withheld(count: Count) -> WithheldCount:
    return WithheldCount(count.people.attribute, tuple(sorted(count.people.members)), count.start, count.end)
