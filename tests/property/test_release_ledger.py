"""An attacker with everything that commands have shown pins no group of fewer than k people; without the ledger some.

Each case is two to four commands over ranges and windows that people choose: counts of a range, of one attribute of it,
or of all windows of a size in it. Each is a process of its own, that knows the others from the file alone.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from stream_app.core.privacy.disclosure import disclose_cells
from stream_app.core.releases.knowledge import StoredChain
from stream_app.core.releases.withholding import CROSS, Cell, ReleasedTable, choose_shown
from stream_app.core.windows.cells import Cells, add_cells
from stream_app.edges.releases.release_file import ReleaseFile
from stream_app.pipeline.replay.scenarios.released_tables import TableMaker
from tests.support.attacker import Sum
from tests.support.small_streams import PANE_S, SmallStream, small_model

K, N_PANES = 10, 12
MODEL = small_model({"60s": 60})
MAKER = TableMaker(MODEL)
EVERY = (("gender",), ("race",), ("gender", "race"))
Command = list[ReleasedTable]


class Attack:
    """Random commands over a stream of few people.

    Args:
        seed: Of the stream and the commands.
    """

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        rate = self._chance.choice([30, 60, 100, 160])
        self.stream = SmallStream(MODEL, N_PANES, rate, seed, has_unknown=bool(seed % 2))
        self.commands = [self._command() for _ in range(self._chance.choice([2, 3, 4]))]

    def asked(self) -> Iterator[Sum]:
        """Yield every group between any two moments of the commands."""
        moments = sorted({end for command in self.commands for t in command for end in (t.start_s, t.end_s)})
        for start_s, end_s in combinations(moments, 2):
            for names in EVERY:
                for labels, n in self._people(names, start_s // PANE_S, end_s // PANE_S).items():
                    yield Sum(start_s, end_s, names, frozenset([labels]), n)

    def pinned(self, seen: Iterable[Sum]) -> list[Sum]:
        """Return the groups of fewer than k people whose number follows."""
        attacker = self.stream.attacker()
        attacker.see(seen)
        return attacker.pinned(self.asked(), K)

    def n_between(self, chain: StoredChain, start_s: float, end_s: float) -> int:
        """Return how many people of the set of a chain came between two moments."""
        names = chain.attribute.split(CROSS) if chain.members else []
        people = self._people(names, int(start_s) // PANE_S, int(end_s) // PANE_S)
        return sum(people[labels] for labels in chain.members or [()])

    def _command(self) -> Command:
        first = self._chance.randrange(N_PANES - 1)
        last = self._chance.randrange(first + 1, N_PANES + 1)
        whole = [self._table(names, first, last) for names in EVERY]
        kind = self._chance.choice(["count", "one", "windows"])
        if kind == "one":
            return [self._chance.choice(whole)]
        size = self._chance.choice([1, 2, 3, 5])
        starts = range(first, last - size + 1, size) if kind == "windows" else ()
        return [self._table(names, start, start + size) for start in starts for names in EVERY] + whole

    def _people(self, names: Sequence[str], first: int, last: int) -> Counter[tuple[str, ...]]:
        cells: Cells = {}
        for number in range(first, last):
            add_cells(cells, self.stream.panes[number])
        places = [self.stream.layout.position_of(name) for name in names]
        people: Counter[tuple[str, ...]] = Counter()
        for code, vector in cells.items():
            labels = self.stream.layout.labels_of(code)
            people[tuple(labels[place] for place in places)] += vector[0]
        return people

    def _table(self, names: Sequence[str], first: int, last: int) -> ReleasedTable:
        people = self._people(names, first, last)
        shown = disclose_cells(people, K).shown
        return MAKER.of_counts(names, people, shown, first * PANE_S, last * PANE_S)


def shown_by(folder: Path, command: Command) -> list[set[Cell]]:
    with ReleaseFile(folder).release("loans", "topic", K) as knowledge:
        return choose_shown(knowledge, command)


def sums_of(command: Command, kept: Iterable[Iterable[Cell]]) -> set[Sum]:
    return {
        Sum(
            table.start_s,
            table.end_s,
            table.attributes,
            frozenset([MAKER.labels_of(table.attributes, cell)]),
            table.people[cell],
        )
        for table, cells in zip(command, kept, strict=True)
        for cell in cells
    }


@pytest.mark.parametrize("seed", range(1000, 1008))
def test_no_pair_or_triple_of_commands_pins_a_few_people(tmp_path: Path, seed: int) -> None:
    attack, seen = Attack(seed), set[Sum]()
    for command in attack.commands:
        kept = shown_by(tmp_path, command)
        size = (tmp_path / "releases.jsonl").stat().st_size
        assert shown_by(tmp_path, command) == kept
        assert (tmp_path / "releases.jsonl").stat().st_size == size
        seen |= sums_of(command, kept)
    assert seen
    assert attack.pinned(seen) == []


@pytest.mark.parametrize("seed", [1045, 1095, *range(1008, 1014)])
def test_every_count_that_is_noted_is_true(tmp_path: Path, seed: int) -> None:
    """Of 1045 and 1095, an intersection with nobody in one range has a few people in another, where it is hidden."""
    attack = Attack(seed)
    for command in attack.commands:
        shown_by(tmp_path, command)
    with ReleaseFile(tmp_path).release("loans", "topic", K) as knowledge:
        noted = knowledge.everything()
    assert any(chain.members for chain in noted)
    for chain in noted:
        for (start, before), (end, after) in pairwise(zip(chain.moments, chain.values, strict=True)):
            assert after - before == attack.n_between(chain, start, end), chain


def test_without_the_ledger_the_same_commands_pin_some() -> None:
    attacks = [Attack(seed) for seed in range(1000, 1008)]
    everything = [{each for c in attack.commands for each in sums_of(c, [t.shown for t in c])} for attack in attacks]
    assert sum(bool(attack.pinned(seen)) for attack, seen in zip(attacks, everything, strict=True)) >= 3
