"""Simulated tables of loan applications, as the FairLens specification describes them.

At drift level L men are approved with rate 0.70 and women with rate max(0, 0.70 - 0.4 L). The rates are met exactly, up
to the nearest decision: of each group those with the best merit are approved. The credit score depends on
neither gender nor decision.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from producers.simulated.draws import Draws, Floats
from producers.simulated.loans import BASE_RATE, SCORE_RANGE, female_rate

_HALF = 0.5


class Applications(NamedTuple):
    """A table, one row for each application: number i is ``application_id`` i + 1.

    Attributes:
        is_female: Gender.
        credit_score: From 500 to 800.
        approved: The decision.
    """

    is_female: NDArray[np.bool_]
    credit_score: NDArray[np.int64]
    approved: NDArray[np.bool_]


def simulate_applications(n: int, drift_level: float, seed: int = 42) -> Applications:
    """Return a table; the same arguments give the same one, and the level changes decisions only.

    Args:
        n: Applications, >= 0; every second one is of a man, so one alone is of a woman.
        drift_level: In [0, 1].
        seed: Integer >= 0.

    >>> table = simulate_applications(1000, 0.5)
    >>> [float(table.approved[table.is_female == female].mean()) for female in (True, False)]
    [0.5, 0.7]
    """
    draws = Draws(seed, "table of applications")
    merit, score = draws.uniforms(n), draws.uniforms(n)
    is_female = np.arange(n) % 2 == 0
    approved = np.zeros(n, dtype=np.bool_)
    _approve(approved, np.flatnonzero(is_female), merit, female_rate(drift_level))
    _approve(approved, np.flatnonzero(~is_female), merit, BASE_RATE)
    low, high = SCORE_RANGE
    return Applications(is_female, low + (score * (high - low + 1)).astype(np.int64), approved)


def _approve(approved: NDArray[np.bool_], rows: NDArray[np.int64], merit: Floats, rate: float) -> None:
    n = int(rate * len(rows) + _HALF)
    approved[rows[np.argsort(merit[rows], kind="stable")[:n]]] = True
