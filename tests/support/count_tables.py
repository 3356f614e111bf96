"""Tables of counts ``(k_a, n_a, k_b, n_b)`` that statistics are checked over: random ones and the hard ones."""

from __future__ import annotations

import random

EDGE_TABLES = [
    (0, 10, 5, 10),
    (0, 10, 0, 10),  # all denied
    (0, 10, 10, 10),
    (5, 10, 0, 10),
    (10, 10, 10, 10),  # all approved
    (10, 10, 5, 10),
    (5, 10, 10, 10),
    (1, 1, 1, 1),
    (0, 1, 1, 1),
    (1, 1, 0, 1),
    (0, 1, 30, 40),
    (1, 1, 30, 40),
    (200, 200, 3000, 3000),
    (1, 5000, 1, 5000),
]


def _draw_tables(n_tables: int, seed: int) -> list[tuple[int, int, int, int]]:
    """Draw tables with sizes from 2 to 5000 and no rate of 0 or 1."""
    draw = random.Random(seed)
    tables = []
    for _ in range(n_tables):
        n_a, n_b = (round(2 * 2500 ** draw.random()) for _ in range(2))
        tables.append((draw.randint(1, n_a - 1), n_a, draw.randint(1, n_b - 1), n_b))
    return tables


INTERIOR_TABLES = _draw_tables(220, seed=20260101)
