"""Decisions whose group is unknown: who hides it can feign a violation, and what it costs to be safe from that.

*Hidden*: every decision keeps the rule, exactly on the limit. Somebody who sees the outcomes hides the group of a share
of the decisions: of favorable ones about group a and of unfavorable ones about group b, so that the known rates violate
the rule.

*Missing*: the rule is violated from the start, and the group of a share of the decisions is missing by chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.detect.delays import Delay
from benchmarks.detect.methods.detector import FOUR_FIFTHS, LOG_C, first_after, run_detector
from benchmarks.detect.size import Size
from benchmarks.detect.streams import PANE_N, Stream, between, steady

Ints = NDArray[np.int64]

_P_B, _LIMIT = 0.70, 0.8
_LONGEST_PANES = 600  # in which a violation is observed
HIDDEN_SHARES = tuple((q, share) for q in (0.5, 0.1) for share in (0.1, 0.3))
MISSING_SHARES = tuple((p_a, q, share) for p_a in (0.5, 0.4, 0.3) for q in (0.5, 0.2) for share in (0.01, 0.05))


@dataclass(frozen=True)
class HiddenResult:
    """Alarms of the ratio detector on the limit, where groups are hidden; all of them false.

    Attributes:
        name: Mix and share of hidden groups.
        seed: Seed of its stream.
        n_runs: Runs.
        known_ratio: Ratio of the known decisions, over all runs.
        n_excluded: Runs with an alarm where decisions of unknown groups count for nobody.
        n_worst_case: The same where they count at their worst.
        permitted: Share of runs that may have one.
    """

    name: str
    seed: int
    n_runs: int
    known_ratio: float
    n_excluded: int
    n_worst_case: int
    permitted: float


@dataclass(frozen=True)
class MissingResult:
    """Delays of the ratio detector where groups are missing by chance.

    Attributes:
        name: The violation, and the share of missing groups.
        seed: Seed of its stream.
        n_runs: Runs.
        excluded: Delay where decisions of unknown groups count for nobody.
        worst_case: The same where they count at their worst.
    """

    name: str
    seed: int
    n_runs: int
    excluded: Delay
    worst_case: Delay


def measure_hidden(q: float, share: float, size: Size) -> HiddenResult:
    """Hide groups on the limit and count the runs with an alarm."""
    stream = Stream(f"hidden {share:.0%} on the limit, q {q}", steady(_P_B, _LIMIT, q))
    true = stream.draw(size.n_null_panes, size.n_fault_runs)
    chance = share / (q * _LIMIT * _P_B + (1 - q) * (1 - _P_B))  # of each decision that is worth hiding
    rng = np.random.default_rng(stream.seed + 1)
    k_a, _, k_b, n_b = np.moveaxis(true, -1, 0)
    favorable, denied = rng.binomial(k_a, chance), rng.binomial(n_b - k_b, chance)
    none = np.zeros_like(favorable)
    known = true - np.stack([favorable, favorable, none, denied], axis=-1)
    unknown = np.stack([favorable, favorable + denied] * 2, axis=-1)
    excluded, worst_case = _alarms(known, unknown, size.null_log_c)
    sums = known.sum(axis=(0, 1))
    return HiddenResult(
        name=f"q {q}, {share:.0%} hidden",
        seed=stream.seed,
        n_runs=size.n_fault_runs,
        known_ratio=float(sums[0] / sums[1] / (sums[2] / sums[3])),
        n_excluded=int(excluded.any(axis=0).sum()),
        n_worst_case=int(worst_case.any(axis=0).sum()),
        permitted=size.n_null_panes * PANE_N / math.exp(size.null_log_c),
    )


def measure_missing(p_a: float, q: float, share: float, size: Size) -> MissingResult:
    """Let groups be missing by chance during a violation and measure the delays."""
    stream = Stream(f"missing {share:.0%}, {_P_B} to {p_a}, q {q}", between(_P_B, p_a, q, 0))
    true = stream.draw(_LONGEST_PANES, size.n_patience_runs)
    rng = np.random.default_rng(stream.seed + 1)
    favorable = rng.binomial(true[..., 0::2], share)
    missing = favorable + rng.binomial(true[..., 1::2] - true[..., 0::2], share)
    known = true - np.stack([favorable, missing], axis=-1).reshape(true.shape)
    unknown = np.stack([favorable.sum(axis=-1), missing.sum(axis=-1)] * 2, axis=-1)
    excluded, worst_case = (Delay(first_after(alarms, 0), 0) for alarms in _alarms(known, unknown, LOG_C))
    name = f"{_P_B} to {p_a}, q {q}, {share:.0%} missing"
    return MissingResult(name, stream.seed, size.n_patience_runs, excluded, worst_case)


def _alarms(known: Ints, unknown: Ints, log_c: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the alarms without the decisions of unknown groups, and with them at their worst."""

    def is_enough(alarms: NDArray[np.bool_]) -> bool:
        return bool(alarms.any(axis=0).all())

    # Without candidates the worst case of the ratio is the known decisions alone.
    excluded, worst_case = (
        run_detector(FOUR_FIFTHS, known, log_c=log_c, candidates=candidates, enough=is_enough).alarms
        for candidates in (np.zeros_like(unknown), unknown)
    )
    return excluded, worst_case
