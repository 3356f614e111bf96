"""What follows from counts of related sets of people."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from stream_app.core.releases.knowledge import Knowledge
from stream_app.core.releases.related import Count, People

NAMES = ("black", "white", "asian")
EVERYBODY = People("", frozenset())
GROUPS = {name: People("race", frozenset([(name,)])) for name in NAMES}
N_PIECES = 14


def known(counts: list[Count]) -> dict[People, list[list[tuple[float, int]]]]:
    """Return the chains of each set, after counts were taken in one after the other."""
    knowledge = Knowledge(0)
    knowledge.relate(EVERYBODY, GROUPS.values())
    for count in counts:
        knowledge.add(count)
    chains: dict[People, list[list[tuple[float, int]]]] = {}
    for chain in knowledge.everything():
        values = [value - chain.values[0] for value in chain.values]
        people = People(chain.attribute, frozenset(chain.members))
        chains.setdefault(people, []).append(list(zip(chain.moments, values, strict=True)))
    return {people: sorted(each) for people, each in chains.items()}


@pytest.mark.parametrize("seed", range(30))
def test_the_same_follows_whatever_came_first(seed: int) -> None:
    chance = random.Random(seed)
    pieces = [{people: chance.randrange(30) for people in GROUPS.values()} for _ in range(N_PIECES)]
    counts = []
    for _ in range(14):
        start, end = sorted(chance.sample(range(N_PIECES + 1), 2))
        own = [sum(piece[people] for piece in pieces[start:end]) for people in GROUPS.values()]
        counts.append(Count(EVERYBODY, start, end, sum(own)))
        shown = chance.sample(list(zip(GROUPS.values(), own, strict=True)), 2)
        counts += [Count(people, start, end, n) for people, n in shown]
    expected = known(counts)
    for people, chains in expected.items():
        for chain in chains:
            for (first, before), (last, after) in pairwise(chain):
                inside = pieces[int(first) : int(last)]
                assert after - before == sum(
                    piece[one] for piece in inside for one in (GROUPS.values() if people == EVERYBODY else [people])
                )
    for _ in range(5):
        chance.shuffle(counts)
        assert known(counts) == expected


def test_what_was_undone_is_not_known() -> None:
    knowledge = Knowledge(10)
    knowledge.relate(EVERYBODY, GROUPS.values())
    before = Count(GROUPS["black"], 0, 100, 40)
    knowledge.add(before)
    mark = knowledge.mark()
    for end in (200, 300):
        assert knowledge.add_if_safe(Count(GROUPS["black"], 0, end, end))
    knowledge.undo(mark)
    assert not knowledge.knows(Count(GROUPS["black"], 0, 200, 200))
    assert knowledge.knows(before)
    assert [chain.moments for chain in knowledge.news()] == [[0, 100]]


def test_what_was_withheld_stays_so_whatever_its_number_is() -> None:
    knowledge = Knowledge(10)
    knowledge.add(Count(GROUPS["black"], 0, 100, 40))
    assert not knowledge.add_for_good(Count(GROUPS["black"], 0, 110, 44))
    later = Knowledge(10, knowledge.news(), knowledge.newly_withheld())
    assert not later.add_for_good(Count(GROUPS["black"], 0, 110, 60))
    assert later.newly_withheld() == []


def test_what_follows_of_a_union_from_former_counts_of_its_parts_is_known_at_once() -> None:
    """A former process has shown two groups in [0, 100), this one asks for both together in [0, 110)."""
    black, white = (People("race", frozenset({(name,)})) for name in ("black", "white"))
    both = People("race", black.members | white.members)
    former = Knowledge(10)
    for people in (black, white):
        assert former.add_if_safe(Count(people, 0, 100, 50))
    knowledge = Knowledge(10, former.news())
    knowledge.relate(both, [black, white])
    assert knowledge.knows(Count(both, 0, 100, 100))
    assert not knowledge.add_if_safe(Count(both, 0, 110, 104))
    assert knowledge.add_if_safe(Count(both, 0, 120, 120))


def test_a_link_that_would_reveal_a_few_is_refused_again_until_what_it_is_compared_with_is_withdrawn() -> None:
    black = People("race", frozenset({("black",)}))
    knowledge = Knowledge(10)
    assert knowledge.add_if_safe(Count(black, 0, 100, 300))
    mark = knowledge.mark()
    assert knowledge.add_if_safe(Count(black, 90, 200, 100))
    few = Count(black, 0, 200, 395)  # 95 in [100, 200), so 5 in [90, 100)
    assert [knowledge.add_if_safe(few) for _ in range(2)] == [False, False]
    knowledge.undo(mark)
    assert knowledge.add_if_safe(few)
