"""An attacker with the tables of two to seven commands pins no group and no intersection of fewer than k people.

The commands are about two or three attributes, with windows, running totals and group maps that people choose, so that
several lines of tables, and ranges that overlap, let more follow than subtracting one from another.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.core.releases.withholding import choose_shown
from stream_app.edges.releases.release_file import ReleaseFile
from tests.support.chosen_tables import ChosenTables

K = 10
BY_LINES = (20_009, 20_019, 20_026, 20_035, 20_037, 20_080, 20_097, 20_099, 20_100, 20_110, 20_116)
BY_NOBODY = (50_461, 51_211, 51_331)  # some are pinned where cells that nobody is in are not noted
SEEDS = (*BY_LINES, *BY_NOBODY, *range(20_000, 20_009))  # the first ones pin some where lines are tested one by one


@pytest.mark.parametrize("seed", SEEDS)
def test_no_commands_about_overlapping_ranges_pin_a_few_people(tmp_path: Path, seed: int) -> None:
    case, kept = ChosenTables(seed, K), []
    for command in case.commands:
        with ReleaseFile(tmp_path).release("loans", "topic", K) as knowledge:
            kept.append(choose_shown(knowledge, command))
        with ReleaseFile(tmp_path).release("loans", "topic", K) as knowledge:
            assert choose_shown(knowledge, command) == kept[-1]
    assert case.pinned(case.seen(kept)) == []


def test_something_is_shown_and_without_the_ledger_some_are_pinned(tmp_path: Path) -> None:
    n_pinned, n_wanted, n_shown = 0, 0, 0
    for seed in SEEDS:
        case = ChosenTables(seed, K)
        every = case.seen([[set(table.shown) for table in command] for command in case.commands])
        n_pinned += bool(case.pinned(every))
        kept = []
        for command in case.commands:
            with ReleaseFile(tmp_path / str(seed)).release("loans", "topic", K) as knowledge:
                kept.append(choose_shown(knowledge, command))
        n_wanted, n_shown = n_wanted + len(every), n_shown + len(case.seen(kept))
    assert n_pinned >= len(SEEDS) // 3
    assert n_shown > n_wanted // 2
