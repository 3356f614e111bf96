"""Sets of people of which one consists of the others: what all tracks but one connect, the last one connects too.

Of every combination of chains, one from each track but one, a moment is remembered that is in all of them. A second
moment in the same chains is connected with it in the track that was left out, by subtraction. So a moment that has come
into another chain is looked up once for each track, however many moments there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

    @property
    def is_everybody(self) -> bool:
        """Whether these are all decisions: how many there are is no secret."""
        return not self.members


class Count(NamedTuple):
    """A count of people between two moments."""

    people: People
    start: Moment
    end: Moment
    n: int


class RelatedTracks:
    """The tracks of a set and of its parts.

    Args:
        sets: The set, and its parts, which do not overlap.
        tracks: The track of each.
    """

    def __init__(self, sets: Sequence[People], tracks: Sequence[Track]) -> None:
        self._sets, self._tracks = sets, tracks
        self._first: list[dict[tuple[Chain, ...], Moment]] = [{} for _ in tracks]

    def shared_moments(self) -> list[Moment]:
        """Return every moment at which anything may follow, in order: those of any two tracks have all of them."""
        first, second = sorted((track.moments for track in self._tracks), key=len)[:2]
        return sorted({*first, *second})

    def implied_at(self, moment: Moment) -> Iterator[Count]:
        """Yield what follows, now that a moment is in another chain.

        Args:
            moment: The moment.
        """
        chains = [track.chain_at(moment) for track in self._tracks]
        n_missing = chains.count(None)
        if n_missing > 1:
            return
        for place, own in enumerate(chains):
            if (n_missing and own is not None) or self._sets[place].is_everybody:
                continue
            others = tuple(chain for number, chain in enumerate(chains) if number != place and chain is not None)
            first = self._first[place].get(others)
            if first is None or not self._is_in(first, others, place):
                self._first[place][others] = moment
            elif first != moment and (own is None or self._tracks[place].chain_at(first) is not own):
                start, end = min(first, moment), max(first, moment)
                yield Count(self._sets[place], start, end, _rest(others, place, start, end))

    def _is_in(self, moment: Moment, others: Sequence[Chain], place: int) -> bool:
        """Return whether a moment is still in some chains, after what was withdrawn since."""
        tracks = (track for number, track in enumerate(self._tracks) if number != place)
        return all(track.chain_at(moment) is chain for track, chain in zip(tracks, others, strict=True))


def _rest(others: Sequence[Chain], place: int, start: Moment, end: Moment) -> int:
    """Return the people of one of related sets, by those of all others; the set of all of them is the first one."""
    people = [chain.value_at(end) - chain.value_at(start) for chain in others]
    return people[0] - sum(people[1:]) if place else sum(people)
