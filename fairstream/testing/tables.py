"""Tables of counts with a known change, for detectors."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 1, 1, tzinfo=UTC)


def simulate_counts(  # noqa: PLR0913 - parameters of a simulation, by name
    n_panes: int,
    *,
    seed: int = 0,
    n_a: int = 50,
    n_b: int = 50,
    rate_a: float = 0.7,
    rate_b: float = 0.7,
    change_at: int | None = None,
    rate_a_after: float = 0.4,
    start: datetime = START,
    pane_s: int = 60,
) -> Iterator[dict[str, Any]]:
    """Yield rows for ``fairstream.detect``: binomial counts, with a change of the group's rate at a known pane.

    Args:
        n_panes: Rows, >= 0.
        seed: Seed of the counts.
        n_a: Decisions about the group in each pane, >= 0.
        n_b: Decisions about the reference in each pane, >= 0.
        rate_a: Rate of the group before the change, in [0, 1].
        rate_b: Rate of the reference, in [0, 1].
        change_at: Number of the first pane with the other rate, from 0; None for no change.
        rate_a_after: Rate of the group from the change on, in [0, 1].
        start: Start of the first pane, with a time zone.
        pane_s: Seconds from one pane to the next, >= 1.

    >>> rows = list(simulate_counts(3, seed=1, change_at=2))
    >>> [(row["k_a"], row["k_b"]) for row in rows], rows[0]["start"].isoformat()
    ([(34, 33), (40, 35), (23, 35)], '2026-01-01T00:00:00+00:00')
    """
    draws = random.Random(seed)
    for pane in range(n_panes):
        rate = rate_a if change_at is None or pane < change_at else rate_a_after
        yield {
            "start": start + timedelta(seconds=pane * pane_s),
            "k_a": _binomial(draws, n_a, rate),
            "n_a": n_a,
            "k_b": _binomial(draws, n_b, rate_b),
            "n_b": n_b,
        }


def _binomial(draws: random.Random, n: int, rate: float) -> int:
    return sum(draws.random() < rate for _ in range(n))
