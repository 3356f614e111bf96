"""The seeds of randomized runs: fixed where a run decides about a change, drawn where it looks for something new."""

from __future__ import annotations

import os

VARIABLE = "FAIRSTREAM_TEST_SEED"  # set by `make nightly`, which prints it; hypothesis gets the same number


def seed_of_run(fixed: int) -> int:
    """Return the seed of the nightly run; ``fixed`` in every other run, so that a failure is one of the change."""
    return int(os.environ.get(VARIABLE, fixed))
