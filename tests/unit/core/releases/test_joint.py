"""All tables of one window against each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import combinations

import pytest

from stream_app.core.privacy.disclosure import disclose_cells
from stream_app.core.releases.joint import Labels, TableRelease, protect_jointly


def tables_of(people: Mapping[Labels, int], depth: int, k: int) -> list[TableRelease]:
    n_attributes = len(next(iter(people)))
    tables = []
    for places in (p for d in range(1, depth + 1) for p in combinations(range(n_attributes), d)):
        margin: Counter[Labels] = Counter()
        for labels, n in people.items():
            margin[tuple(labels[place] for place in places)] += n
        tables.append(TableRelease(places, margin, disclose_cells(margin, k).shown))
    return tables


def test_a_cell_that_three_tables_give_together_is_not_left_to_follow() -> None:
    """Women of 30 to 44 minus the black and the Asian of 30 to 44: white women plus men of other races."""
    people: dict[Labels, int] = {
        ("f", "black", "30"): 12, ("f", "white", "30"): 5, ("m", "black", "30"): 14, ("m", "white", "30"): 40,
        ("f", "black", "60"): 30, ("f", "white", "60"): 33, ("m", "black", "60"): 31, ("m", "white", "60"): 45,
    }  # fmt: skip
    tables = tables_of(people, 3, 10)
    shown = protect_jointly(people, tables, 10)
    assert ("f", "white", "30") in tables[-1].people
    assert sum(len(table.shown) for table in tables) > sum(map(len, shown))
    assert shown[:3] == [set(table.shown) for table in tables[:3]]


def test_tables_without_small_cells_are_shown_in_full() -> None:
    people: dict[Labels, int] = {
        (a, b): 10 + 7 * place for place, (a, b) in enumerate((a, b) for a in "fm" for b in "xyz")
    }
    tables = tables_of(people, 2, 10)
    assert protect_jointly(people, tables, 10) == [set(table.people) for table in tables]


@pytest.mark.parametrize("k", [5, 10])
def test_more_cells_than_a_system_can_have_hide_tables_that_hide_anything(k: int) -> None:
    people: dict[Labels, int] = {(f"a{a}", f"b{b}"): 4 if a == b else 40 for a in range(21) for b in range(21)}
    tables = tables_of(people, 2, k)
    assert protect_jointly(people, tables, k)[2] == set()
