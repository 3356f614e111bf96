"""What follows from all counts of people that were ever shown, and whether one more would isolate a few.

Each set of people has a track (``tracks``). Sets are related: everybody is the women, the men and those of unknown
gender; the women are the black women, the white women and so on. Where all sets of such a relation but one are
connected between two moments, the last one is too, by subtraction. How many decisions there are in all is taken for
known, as live counters say it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from stream_app.core.releases.related import Count, Labels, Members, People, RelatedTracks
from stream_app.core.releases.tracks import Link, Moment, Track

Chains = dict[People, list[tuple[list[Moment], list[int]]]]  # moments and running counts of each chain of a set


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


class Knowledge:
    """Everything that was shown of a model, and what follows from it.

    Args:
        k: Fewest people that may follow.
        stored: What former processes knew.
        withheld: What they withheld; it stays withheld, so that the same question has the same answer.
        shown: What they showed, without what only follows from it.

    >>> women, men = People("gender", frozenset({("f",)})), People("gender", frozenset({("m",)}))
    >>> everybody, knowledge = People("", frozenset()), Knowledge(10)
    >>> knowledge.relate(everybody, [women, men])
    >>> for end, n in ((100, 300), (110, 340)):
    ...     knowledge.add(Count(everybody, 0, end, n))
    >>> knowledge.add_if_safe(Count(women, 0, 100, 120)), knowledge.add_if_safe(Count(women, 0, 110, 153))
    (True, False)
    """

    def __init__(
        self,
        k: int,
        stored: Iterable[StoredChain] = (),
        withheld: Iterable[WithheldCount] = (),
        shown: Iterable[StoredChain] = (),
    ) -> None:
        self._k = k
        self._withheld = dict.fromkeys(withheld, True)
        self._stored: dict[People, list[StoredChain]] = defaultdict(list)
        for chain in stored:
            self._stored[People(chain.attribute, frozenset(chain.members))].append(chain)
        self._tracks: dict[People, Track] = {}
        self._relations: dict[tuple[People, ...], RelatedTracks] = {}
        self._related_to: dict[People, list[RelatedTracks]] = defaultdict(list)
        self._unsafe: dict[Link, int] = {}  # and how much was known
        self._trail: list[Track] = []
        self._added: list[Count] = []
        self._shown, self._newly_shown = _tracks_of(shown), list[Count]()

    @property
    def k(self) -> int:
        """Fewest people that may follow."""
        return self._k

    def chains(self) -> Chains:
        """Return a copy of everything that is known of each set."""
        for people in list(self._stored):
            self._track(people)
        return _copies_of(self._tracks)

    def shown_chains(self) -> Chains:
        """Return a copy of what was shown of each set, without what only follows from it."""
        return _copies_of(self._shown)

    def note_shown(self, count: Count, *, is_former: bool = False) -> None:
        """Note that a count is shown, or how many decisions there are in all.

        Args:
            count: The count.
            is_former: Whether every process knows it.
        """
        track = self._shown.setdefault(count.people, Track())
        if not track.knows(count.start, count.end, count.n):
            track.join(count.start, count.end, count.n, 0)
            if not is_former:
                self._newly_shown.append(count)

    @property
    def n_sets(self) -> int:
        """How many sets of people anything is known of, or related to."""
        return len(self._stored) + len(self._tracks)

    def sets_of(self, attribute: str) -> list[Members]:
        """Return the members of every set of an attribute of which anything was shown before."""
        return [people.members for people in (*self._stored, *self._tracks) if people.attribute == attribute]

    def relate(self, whole: People, parts: Iterable[People]) -> None:
        """Note that a set consists of others that do not overlap, and take in what follows from that."""
        sets = (whole, *parts)
        if sets in self._relations:
            return
        related = self._relations[sets] = RelatedTracks(sets, [self._track(people) for people in sets])
        for people in sets:
            self._related_to[people].append(related)
        for moment in related.shared_moments():
            for implied in [*related.implied_at(moment)]:
                self._take(implied, 0)

    def add(self, count: Count) -> None:
        """Take in a count that is known anyway."""
        self._take(count, 0)

    def add_if_safe(self, count: Count) -> bool:
        """Take in a count unless fewer than k people follow from it; return whether it was taken in."""
        link = self._track(count.people).link_of(count.start, count.end, count.n)
        if link is not None and link in self._unsafe:
            return False
        mark = self.mark()
        if self._take(count, self._k):
            return True
        self.undo(mark)
        if link is not None:
            self._unsafe[link] = mark[0]
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
        return bool(self._related_to.get(people))

    def settle(self) -> None:
        """Take everything that was taken in so far for known by all processes."""
        self._trail.clear()
        self._unsafe.clear()
        self._added.clear()

    def mark(self) -> tuple[int, int, int]:
        """Return where ``undo`` shall go back to."""
        return len(self._trail), len(self._added), len(self._relations)

    def undo(self, mark: tuple[int, int, int]) -> None:
        """Forget what was taken in, and which sets were related, since."""
        while len(self._relations) > mark[2]:
            sets, _ = self._relations.popitem()
            for people in sets:
                self._related_to[people].pop()
        while len(self._trail) > mark[0]:
            self._trail.pop().undo()
        while self._unsafe and next(reversed(self._unsafe.values())) > mark[0]:
            self._unsafe.popitem()
        del self._added[mark[1] :]

    def news(self) -> list[StoredChain]:
        """Return what was taken in by this process."""
        tracks: dict[People, Track] = defaultdict(Track)
        for people, start, end, n in self._added:
            tracks[people].join(start, end, n, 0)
        return _chains_of(tracks)

    def newly_shown(self) -> list[StoredChain]:
        """Return what this process has shown first."""
        tracks: dict[People, Track] = defaultdict(Track)
        for people, start, end, n in self._newly_shown:
            tracks[people].join(start, end, n, 0)
        return _chains_of(tracks)

    def everything(self) -> list[StoredChain]:
        """Return all that is known, each set in as few chains as possible."""
        for people in list(self._stored):
            self._track(people)
        return _chains_of(self._tracks)

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
            moved = track.join(start, end, n, 0 if people.is_everybody else k)
            if moved is None:
                return False
            if track.n_steps > n_steps:
                self._trail.append(track)
                self._added.append(count)
                for moment in moved:
                    for related in self._related_to[people]:
                        waiting += related.implied_at(moment)
        return True


def _chains_of(tracks: Mapping[People, Track]) -> list[StoredChain]:
    return [
        StoredChain(people.attribute, tuple(sorted(people.members)), [*chain.moments], [*chain.values])
        for people, track in tracks.items()
        for chain in track.chains()
    ]


def _tracks_of(stored: Iterable[StoredChain]) -> dict[People, Track]:
    tracks: dict[People, Track] = {}
    for attribute, members, moments, values in stored:
        tracks.setdefault(People(attribute, frozenset(members)), Track()).load(moments, values)
    return tracks


def _copies_of(tracks: Mapping[People, Track]) -> Chains:
    return {
        people: [([*chain.moments], [*chain.values]) for chain in track.chains()] for people, track in tracks.items()
    }


def _withheld(count: Count) -> WithheldCount:
    return WithheldCount(count.people.attribute, tuple(sorted(count.people.members)), count.start, count.end)
