"""Random commands that count ranges, windows, groups and intersections that people choose, and what these show.

A case is a few people with two or three attributes in panes of ten seconds, and two to seven commands: tables of a
range, of windows of a size in it, running totals at the end of each pane, with the groups of the policy or with those
of a map that counts several as one.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product

import numpy as np

from stream_app.core.privacy.disclosure import disclose_cells
from stream_app.core.releases.withholding import Cell, Group, ReleasedTable
from tests.support.attacker import Attacker, Sum

PANE_S = 10
VALUES = {
    "gender": {"female": 0.45, "male": 0.53, "unknown": 0.02},
    "race": {"black": 0.18, "white": 0.66, "asian": 0.14, "unknown": 0.02},
    "age": {"young": 0.4, "old": 0.58, "unknown": 0.02},
}
MAPS: tuple[dict[str, list[Group]], ...] = (
    {"race": [frozenset(["black", "asian"]), frozenset(["white"]), frozenset(["unknown"])]},
    {"race": [frozenset(["black", "white"]), frozenset(["asian"]), frozenset(["unknown"])]},
    {"age": [frozenset(["young", "unknown"]), frozenset(["old"])]},
)
Command = list[ReleasedTable]
Kept = Iterable[Iterable[set[Cell]]]


class ChosenTables:
    """The people of a case, and its commands.

    Args:
        seed: Of all of it.
        k: Fewest people that a table shows.
        n_panes: How many panes there can be.
    """

    def __init__(self, seed: int, k: int, n_panes: Sequence[int] = (6, 8, 12)) -> None:
        self._chance, self._k = random.Random(seed), k
        self._n_panes = self._chance.choice(n_panes)
        self.names = list(VALUES)[: self._chance.choice([2, 2, 3])]
        self._map: dict[str, list[Group]] = {}
        for groups in self._chance.sample(MAPS, self._chance.choice([0, 1, 2])):
            self._map |= groups
        rng, rate = np.random.default_rng(seed), self._chance.choice([15, 30, 60, 100, 160, 300])
        has_unknown = self._chance.random() < 0.5
        self._people: Counter[tuple[int, tuple[str, ...]]] = Counter()
        for pane in range(self._n_panes):
            n = int(rng.poisson(rate))
            columns = [_drawn(rng, VALUES[name], n, has_unknown=has_unknown) for name in self.names]
            self._people.update((pane, labels) for labels in zip(*columns, strict=True))
        self._choices = [each for n in range(1, len(self.names) + 1) for each in combinations(self.names, n)]
        self.commands = [self._command() for _ in range(self._chance.randint(2, 7))]

    def seen(self, kept: Kept) -> set[Sum]:
        """Return what some cells of the tables of each command show."""
        return {
            Sum(table.start_s, table.end_s, table.attributes, frozenset(product(*cell)), table.people[cell])
            for command, of_command in zip(self.commands, kept, strict=True)
            for table, cells in zip(command, of_command, strict=True)
            for cell in cells
        }

    def pinned(self, seen: Iterable[Sum]) -> list[Sum]:
        """Return the groups and intersections of fewer than k people whose number follows, between any two moments."""
        totals: Counter[int] = Counter()
        for (pane, _), n in self._people.items():
            totals[pane * PANE_S] += n
        attacker = Attacker({name: list(VALUES[name]) for name in self.names}, totals)
        attacker.see(seen)
        return attacker.pinned(dict.fromkeys(self._asked()), self._k)

    def _asked(self) -> Iterator[Sum]:
        moments = sorted(
            {end for command in self.commands for table in command for end in (table.start_s, table.end_s)}
        )
        for (start_s, end_s), names in product(combinations(moments, 2), self._choices):
            for is_mapped in (False, True):
                table = self._table(names, start_s // PANE_S, end_s // PANE_S, is_mapped=is_mapped)
                for cell, n in table.people.items():
                    yield Sum(start_s, end_s, names, frozenset(product(*cell)), n)

    def _command(self) -> Command:
        chance, n_panes = self._chance, self._n_panes
        first = chance.randrange(n_panes - 1)
        last = chance.randrange(first + 1, n_panes + 1)
        is_mapped = chance.random() < 0.3
        crossed = [each for each in self._choices if len(each) > 1]
        wanted = [
            self._choices,
            self._choices,
            crossed,
            [chance.choice(self._choices)],
            chance.sample(self._choices, 2),
        ]
        names = chance.choice(wanted)
        ranges = [(first, last)]
        if chance.random() < 0.4:
            size = chance.choice([1, 2, 3, 5])
            ranges = [(start, start + size) for start in range(first, last - size + 1, size)] or ranges
            if chance.random() < 0.5:
                ranges += [(first, end) for end in range(first + 1, last)]
        return [self._table(each, *ends, is_mapped=is_mapped) for ends in ranges for each in names]

    def _table(self, names: Sequence[str], first: int, last: int, *, is_mapped: bool) -> ReleasedTable:
        groups = tuple(
            tuple(self._map[name])
            if is_mapped and name in self._map
            else tuple(frozenset([label]) for label in VALUES[name])
            for name in names
        )
        places = [self.names.index(name) for name in names]
        group_of = [{label: group for group in own for label in group} for own in groups]
        people: Counter[Cell] = Counter()
        for (pane, labels), n in self._people.items():
            if first <= pane < last:
                people[tuple(of[labels[place]] for of, place in zip(group_of, places, strict=True))] += n
        named = {tuple("/".join(sorted(group)) for group in cell): cell for cell in people}
        shown = disclose_cells({labels: people[cell] for labels, cell in named.items()}, self._k).shown
        order = sorted(shown, key=lambda labels: (-people[named[labels]], labels))
        cells = [named[labels] for labels in order]
        return ReleasedTable(tuple(names), groups, first * PANE_S, last * PANE_S, dict(people), cells)


def _drawn(rng: np.random.Generator, shares: dict[str, float], n: int, *, has_unknown: bool) -> list[str]:
    chances = np.array(list(shares.values())) * [*[1] * (len(shares) - 1), has_unknown]
    return [str(label) for label in rng.choice(list(shares), n, p=chances / chances.sum())]
