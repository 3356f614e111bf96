"""When the steps read, flush and start again, by a clock that the schedule sets."""

from __future__ import annotations

from typing import NamedTuple

from tests.recorded.streams import START_S


class Turn(NamedTuple):
    """Every lane reads what the broker took by now, and ends a transaction.

    Attributes:
        now_s: The time.
        is_judged: Whether the lanes of the partials end a transaction too; else they only read.
        is_lost: Whether all transactions of the turn fail: nothing is written, and each step starts again.
        is_restart: Whether each step starts again afterwards, from its state and nothing else.
        n_runs: Most runs that a lane reads.
        is_outcomes_first: Whether outcomes are read before decisions.
        partials: What else is written into the log of partials: names of ``run.TAMPERED``.
    """

    now_s: float
    is_judged: bool = True
    is_lost: bool = False
    is_restart: bool = False
    n_runs: int = 1000
    is_outcomes_first: bool = False
    partials: tuple[str, ...] = ()


TURNS = (
    Turn(START_S + 1.5),
    Turn(START_S + 25, is_judged=False),
    Turn(START_S + 42, is_judged=False, is_outcomes_first=True),
    Turn(START_S + 60, is_judged=False, partials=("cut in two", "unknown model")),
    Turn(START_S + 80, is_outcomes_first=True, is_restart=True, partials=("first part only",)),
    Turn(START_S + 96, is_judged=False),
    Turn(START_S + 110, is_lost=True),
    Turn(START_S + 111, is_judged=False, n_runs=3),
    Turn(START_S + 127, partials=("tombstone", "old news"), is_restart=True),
    Turn(START_S + 150, is_judged=False),
    Turn(START_S + 172, is_outcomes_first=True),
    Turn(START_S + 190, is_judged=False),
    Turn(START_S + 205.25, is_outcomes_first=True),
    Turn(START_S + 215, is_lost=True),
    Turn(START_S + 222, is_judged=False),
    Turn(START_S + 252),
    Turn(START_S + 320, is_judged=False, is_restart=True),
    Turn(START_S + 4600),
    Turn(START_S + 4700),
    Turn(START_S + 4900),
)
