"""A larger window that shows intersections reveals no cell of fewer than k people in any set of its smaller windows.

Every set of windows is tried for every cell, by projection on the space of what is known: the released cells, and the
margins of each window.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations, product

import numpy as np
import pytest

from stream_app.core.privacy.disclosure import disclose_table, lines_of
from stream_app.core.releases.nested import HiddenParts

K = 10
Cell = tuple[str, ...]
CELLS: list[Cell] = list(product(("female", "male", "unknown"), ("black", "white", "asian", "unknown")))
SHARES = np.outer([0.45, 0.53, 0.02], [0.18, 0.64, 0.14, 0.04]).ravel()
Column = tuple[int, Cell]  # a cell of one window


def draw_windows(seed: int) -> list[dict[Cell, int]]:
    chance = np.random.default_rng(seed)
    n_windows, rate = int(chance.integers(2, 7)), float(chance.choice([60, 200, 500]))
    return [dict(zip(CELLS, map(int, chance.poisson(SHARES * rate)), strict=True)) for _ in range(n_windows)]


def revealed(
    windows: Sequence[Mapping[Cell, int]], shown: Sequence[Collection[Cell]], larger: Collection[Cell]
) -> list[tuple[Cell, int]]:
    """Return the cells and their 1 to k-1 people in some windows that follow only with the larger window."""
    columns = [(number, cell) for number, window in enumerate(windows) for cell, n in window.items() if n]
    places = {column: place for place, column in enumerate(columns)}

    def row_of(some: Iterable[Column]) -> np.ndarray:
        row = np.zeros(len(places))
        row[[places[column] for column in some if column in places]] = 1
        return row

    numbers = range(len(windows))
    margins = [row_of((number, cell) for cell in line) for number in numbers for line in lines_of(CELLS)]
    before = np.array([*margins, *(row_of([(number, cell)]) for number in numbers for cell in sorted(shown[number]))])
    after = np.vstack([before, *(row_of((number, cell) for number in numbers) for cell in sorted(larger))])
    left_before, left_after = (np.eye(len(places)) - np.linalg.pinv(rows) @ rows for rows in (before, after))
    found = []
    for cell in CELLS:
        inside = [number for number in numbers if windows[number][cell]]
        for size in range(1, len(inside) + 1):
            for chosen in combinations(inside, size):
                n, row = sum(windows[number][cell] for number in chosen), row_of((number, cell) for number in chosen)
                if n < K and np.abs(left_after @ row).max() < 1e-7 < np.abs(left_before @ row).max():
                    found.append((cell, n))
    return found


@pytest.mark.parametrize("first", [0, 20, 40])
def test_no_set_of_smaller_windows_has_few_people_that_follow(first: int) -> None:
    n_revealed_without = n_kept = 0
    for seed in range(first, first + 20):
        windows = draw_windows(seed)
        shown = [disclose_table(window, K).shown for window in windows]
        parts = HiddenParts()
        for number, window in enumerate(windows):
            hidden = {cell: n for cell, n in window.items() if n and cell not in shown[number]}
            parts.add(number // 3 * 30, hidden)
        people = {cell: sum(window[cell] for window in windows) for cell in CELLS}
        alone = disclose_table(people, K).shown
        kept = parts.shown_beside(people, alone, K)
        assert revealed(windows, shown, kept) == [], seed
        n_revealed_without += bool(revealed(windows, shown, alone))
        n_kept += len(kept)
    assert n_revealed_without > 5
    assert n_kept > 20
