"""The schedule: when the steps read, flush and restart, on a simulated clock."""

from __future__ import annotations

from typing import NamedTuple

from tests.recorded.streams import START_S


class Turn(NamedTuple):
    """One step of the schedule: every lane reads what the broker has appended so far, and ends a transaction.

    Attributes:
        now_s: The simulated time.
        is_judged: Whether the lanes of the judge end a transaction too, rather than only read.
        is_lost: Whether all transactions of the turn fail, so that nothing is written and all steps restart.
        is_restart: Whether all steps restart from their state afterwards.
        max_batches: Maximum number of batches that a lane reads.
        is_outcomes_first: Whether outcomes are read before decisions.
        partials: Invalid partials to append to the logs, by their name in ``run.tampered``.
    """

    now_s: float
    is_judged: bool = True
    is_lost: bool = False
    is_restart: bool = False
    max_batches: int = 1000
    is_outcomes_first: bool = False
    partials: tuple[str, ...] = ()


TURNS = (
    Turn(START_S + 1.5),
    Turn(START_S + 25, is_judged=False),
    Turn(START_S + 42, is_judged=False, is_outcomes_first=True),
    Turn(START_S + 60, is_judged=False, partials=("two parts", "unknown model")),
    Turn(START_S + 80, is_outcomes_first=True, is_restart=True, partials=("first part only",)),
    Turn(START_S + 96, is_judged=False),
    Turn(START_S + 110, is_lost=True),
    Turn(START_S + 111, is_judged=False, max_batches=3),
    Turn(START_S + 127, partials=("tombstone", "stale partials"), is_restart=True),
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
