"""A model with many groups and intersections, tested together: what its alarms find, and how many are false.

Three attributes make 67 groups and intersections, each compared with its reference in both directions by ratio and gap,
as the judge does. Compared are: the decisions of each pair as start weights, with a threshold for each of the four
tests (``version 0.2``); the decisions of the model; those, and the gap gated behind the ratio (``per_million``); and
the same with e-d-BH (``fdr``).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from benchmarks.detect.methods.detector import FOUR_FIFTHS, GAP
from benchmarks.detect.size import Size
from benchmarks.detect.streams import Floats, Ints, Stream, steady
from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.procedures import Procedure
from stream_app.core.detection.thresholds import Family, log_thresholds, share_weights
from stream_app.core.groups.subgroups import subgroups

PERIOD_N, CALM_PERIODS, PERIODS = 500, 100, 900  # decisions of a period; fair periods; all periods
_SHARES = {"female": 0.48, "male": 0.52, "asian": 0.06, "black": 0.13, "hispanic": 0.18, "white": 0.63}
_SHARES |= {"18-29": 0.2, "30-44": 0.3, "45-59": 0.3, "60+": 0.2}
ATTRIBUTES = (
    ("gender", ("female", "male"), "male"),
    ("race", ("asian", "black", "hispanic", "white"), "white"),
    ("age", ("18-29", "30-44", "45-59", "60+"), "30-44"),
)
PAIRS = subgroups(list(ATTRIBUTES), 3)
CELLS = tuple(product(*(groups for _, groups, _ in ATTRIBUTES)))
_MIX = np.array([np.prod([_SHARES[label] for label in cell]) for cell in CELLS])
_BASE = 0.7
RULES = (FOUR_FIFTHS, FOUR_FIFTHS, GAP, GAP)
_N_RATIO = 2  # of the four tests of a pair; the gaps follow
_COLUMNS = ([0, 1, 2, 3], [2, 3, 0, 1])  # low and high
Factors = dict[str, float]


@dataclass(frozen=True)
class Method:
    """How the tests of all pairs work together.

    Attributes:
        name: What it is called.
        counts_model: Whether start weights are the decisions of the model.
        is_gated: Whether the gap waits for the ratio, both at half the threshold.
        procedure: How alarms are selected.
    """

    name: str
    counts_model: bool
    is_gated: bool
    procedure: Procedure


METHODS = (
    Method("version 0.2", counts_model=False, is_gated=False, procedure=Procedure.PER_MILLION),
    Method("decisions of the model", counts_model=True, is_gated=False, procedure=Procedure.PER_MILLION),
    Method("per_million", counts_model=True, is_gated=True, procedure=Procedure.PER_MILLION),
    Method("fdr", counts_model=True, is_gated=True, procedure=Procedure.FDR),
)


@dataclass(frozen=True)
class PairsResult:
    """One method on a model.

    Attributes:
        method: Its name.
        n_runs: Runs.
        delays: Decisions of the model from the change to the first alarm about each broken pair, inf for none; shape
            (runs, broken pairs).
        false_per_million: False alarms in a million decisions, ratio and gap of a pair and direction as one; with
            ``fdr`` each counted by its share.
        bound: The most that is promised for the rules that are kept all the time.
    """

    method: str
    n_runs: int
    delays: Floats
    false_per_million: float
    bound: float


def measure_power(method: Method, size: Size) -> PairsResult:
    """Draw runs in which women fare worse from some period on, with the default budget."""
    return _measure("women fare worse", method, {"female": 0.65}, size.n_pairs_runs, budget=0.1)


def measure_promise(method: Method, size: Size) -> PairsResult:
    """Draw runs in which women fare much worse, race and age are exactly on the limit, and the budget is large."""
    factors = {"female": 0.5, "asian": 0.8, "black": 0.8, "hispanic": 0.8, "18-29": 0.8, "45-59": 0.8, "60+": 0.8}
    return _measure("on the limit beside a violation", method, factors, size.n_pairs_runs, budget=50.0)


def _measure(name: str, method: Method, factors: Factors, n_runs: int, *, budget: float) -> PairsResult:
    rates = np.array([_BASE * np.prod([factors.get(label, 1.0) for label in cell]) for cell in CELLS])
    is_kept = _rules_kept(rates)
    weights, log_c = _thresholds(method, budget)
    rng = np.random.default_rng(Stream(name, steady(0.5, 1, 0.5)).seed)
    delays, false = [], 0.0
    for _ in range(n_runs):
        n = rng.multinomial(PERIOD_N, _MIX, PERIODS)
        calm = np.arange(PERIODS)[:, None] < CALM_PERIODS
        k = rng.binomial(n, np.where(calm, _BASE, rates))
        first, n_false = _run(method, _pair_counts(n, k), log_c, is_kept)
        delays.append(first)
        false += n_false
    broken = ~is_kept.reshape(-1, 4)[:, 0]  # worse off by the ratio
    n_decisions = PERIOD_N * PERIODS * n_runs
    kept_weight = (
        weights.reshape(-1, 4)[:, :2][is_kept.reshape(-1, 4)[:, :2]].sum()
        if method.is_gated
        else weights[is_kept].sum()
    )
    return PairsResult(
        method.name, n_runs, np.array(delays)[:, broken], 1e6 * false / n_decisions, float(budget * kept_weight)
    )


def _run(method: Method, counts: Ints, log_c: Floats, is_kept: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Return decisions until the first alarm about each pair being worse off, and the false alarms."""
    n_tests = len(log_c)
    gates = [test - _N_RATIO if method.is_gated and test % 4 >= _N_RATIO else test for test in range(n_tests)]
    bank = DetectorBank(list(RULES) * len(PAIRS), log_c.tolist(), gates=gates, procedure=method.procedure)
    first = np.full(len(PAIRS), np.inf)
    false = 0.0
    for period, by_test in enumerate(counts):
        changes = bank.update(period, by_test[:, None, :], PERIOD_N if method.counts_model else None)
        n_open = int(bank.is_breach.sum())
        for change in changes:
            pair, place = divmod(change.detector, 4)
            if change.to_breach and period >= CALM_PERIODS and place % 2 == 0:
                first[pair] = min(first[pair], PERIOD_N * (period + 1 - CALM_PERIODS))
            # The gap of a pair whose ratio alarm is false counts with it.
            is_counted = is_kept[change.detector] and not (
                gates[change.detector] != change.detector and is_kept[gates[change.detector]]
            )
            if change.to_breach and is_counted:
                false += 1 / n_open if method.procedure is Procedure.FDR else 1
    return first, false


def _thresholds(method: Method, budget: float) -> tuple[Floats, Floats]:
    """Return the part of the budget and the log threshold of each test, shape (tests,)."""
    n_single = sum(len(pair.attributes) == 1 for pair in PAIRS)
    n_each = 2 if method.is_gated else 4
    families = {"single": Family(0.5, n_each * n_single), "crossed": Family(0.5, n_each * (len(PAIRS) - n_single))}
    of_family = share_weights(families)
    logs = dict(zip(families, log_thresholds_of(families, of_family, budget), strict=True))
    names = ["single" if len(pair.attributes) == 1 else "crossed" for pair in PAIRS for _ in RULES]
    return np.array([of_family[name] for name in names]), np.array([logs[name] for name in names])


def log_thresholds_of(families: dict[str, Family], weights: dict[str, float], budget: float) -> list[float]:
    """Return the log threshold of one test of each family."""
    names = [name for name, family in families.items() for _ in range(family.n_detectors)]
    logs = log_thresholds(budget, [weights[name] for name in names])
    return [logs[names.index(name)] for name in families]


def _pair_counts(n: Ints, k: Ints) -> Ints:
    """Return ``k_a, n_a, k_b, n_b`` as each test sees them, shape (periods, tests, 4)."""
    groups = np.array([_is_in(pair.attributes, pair.labels) for pair in PAIRS], dtype=np.int64).T
    references = np.array([_is_in(pair.attributes, pair.reference) for pair in PAIRS], dtype=np.int64).T
    low = np.stack([k @ groups, n @ groups, k @ references, n @ references], axis=-1)
    tests = np.stack([low[..., _COLUMNS[place % 2]] for place in range(4)], axis=2)
    return tests.reshape(len(n), -1, 4)


def _rules_kept(rates: Floats) -> NDArray[np.bool_]:
    """Return whether each rule is kept after the change, shape (tests,); before it all are."""
    kept = []
    for pair in PAIRS:
        own, other = (
            float((_MIX * rates * cells).sum() / (_MIX * cells).sum())
            for cells in (_is_in(pair.attributes, pair.labels), _is_in(pair.attributes, pair.reference))
        )
        kept += [
            own >= 0.8 * other - 1e-9,
            other >= 0.8 * own - 1e-9,
            own >= other - 0.2 - 1e-9,
            other >= own - 0.2 - 1e-9,
        ]
    return np.array(kept)


def _is_in(attributes: tuple[str, ...], labels: tuple[str, ...]) -> NDArray[np.bool_]:
    place = {name: at for at, (name, _, _) in enumerate(ATTRIBUTES)}
    return np.array(
        [all(cell[place[name]] == label for name, label in zip(attributes, labels, strict=True)) for cell in CELLS]
    )
