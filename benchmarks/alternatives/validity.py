"""What the search finds in simulated lenders: the planted alternative, and false ones."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from benchmarks.alternatives.lenders import MARGIN, Lender, costly_lender, equal_lender, unfair_lender
from stream_app.core.alternatives.assessment import report, weigh
from stream_app.core.arrays import Bools

FALSE_DISCOVERY_RATE = 0.05
N_APPLICANTS = 40_000
WITHOUT = {"equal": equal_lender, "costly": costly_lender}


def count_found(seeds: Iterable[int]) -> int:
    """Return in how many unfair lenders the planted alternative is found."""
    lenders = (unfair_lender(np.random.default_rng(seed), N_APPLICANTS) for seed in seeds)
    return sum(bool(found_in(lender)[lender.planted or 0]) for lender in lenders)


def count_false(kind: str, seeds: Iterable[int]) -> int:
    """Return in how many lenders without a better alternative any is found; ``equal`` or ``costly`` ones."""
    return sum(bool(found_in(WITHOUT[kind](np.random.default_rng(seed), N_APPLICANTS)).any()) for seed in seeds)


def found_in(lender: Lender) -> Bools:
    """Return which alternatives of a lender are found, shape (alternatives,)."""
    evidence = weigh(lender.joint, [(0, 1)], MARGIN, has_outcomes=True)
    [found] = report([evidence.of_all()], FALSE_DISCOVERY_RATE)
    reported: Bools = found[:, 0]
    return reported
