"""Decisions until the detectors raise an alarm, by simulation: every run is one detector, every period one update."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Floats, Ints
from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.rules import RateRule
from stream_app.offline.planning.violation import Violation

CALM_N = 2_000  # decisions before a violation, so that the detectors know the rates
CALM_PERIODS = 20
MAX_PERIODS = 40_000  # updates of one simulation; a run without an alarm by then has none
_BLOCK = 512  # periods whose sizes are drawn at once

Progress = Callable[[int, int], None]


class Period(NamedTuple):
    """One simulated period of all runs.

    Attributes:
        counts: ``k_a, n_a, k_b, n_b`` of each run, shape (runs, 4).
        n_model: Decisions of the model, the same in all runs.
        n_before: Periods without any decision since the one before.
    """

    counts: Ints
    n_model: int
    n_before: int


class Delays(NamedTuple):
    """Delays of all runs, counted from the start of the violation to the end of the period of the alarm.

    Attributes:
        decisions: Decisions of the model, shape (thresholds, runs); infinite where no alarm came.
        periods: Periods, with those that had no decision; the same shape.
        n_runs_before: Runs in which the highest threshold was reached before the violation.
        n_observed: Decisions after the start of the violation that were simulated at most.
    """

    decisions: Floats
    periods: Floats
    n_runs_before: int
    n_observed: int


class Traffic(NamedTuple):
    """The decisions of a model.

    Attributes:
        per_period: Mean decisions in a period, > 0; their number is a Poisson number.
        share: Share of them about the disadvantaged group, in (0, 1).
        share_reference: Share about the reference, in (0, 1); the two sum to at most 1.
    """

    per_period: float
    share: float
    share_reference: float


def find_delays(
    rule: RateRule,
    periods: Iterable[Period],
    log_thresholds: Sequence[float],
    *,
    n_runs: int,
    n_calm: int,
    on_progress: Progress = lambda *_: None,
) -> Delays:
    """Run one detector for each run over the periods until all have reached every threshold.

    One pass serves all thresholds: until a detector reaches its own, its statistic does not depend on it.

    Args:
        rule: The rule that is tested.
        periods: In order of time, the first ``n_calm`` of them before the violation.
        log_thresholds: Natural logs of thresholds, > 0, at least one.
        n_runs: Runs in each period, >= 1.
        n_calm: Periods before the violation, >= 0.
        on_progress: Called with the runs that have an alarm at every threshold, and all runs.
    """
    highest = max(log_thresholds)
    bank = DetectorBank([rule] * n_runs, [highest] * n_runs, has_lifecycle=False)
    thresholds = np.array(log_thresholds)[:, np.newaxis]
    decisions = np.full((len(log_thresholds), n_runs), np.inf)
    n_periods, early = decisions.copy(), np.zeros(n_runs, np.bool_)
    n_seen = n_passed = time = 0
    for number, period in enumerate(periods):
        time += 1 + period.n_before
        changes = bank.update(time, period.counts[:, np.newaxis, :], period.n_model)
        if number < n_calm:
            early[[change.detector for change in changes]] = True
            continue
        n_seen, n_passed = n_seen + period.n_model, n_passed + 1 + period.n_before
        is_new = (bank.log_sr >= thresholds) & np.isinf(decisions)
        if is_new.any():
            decisions[is_new], n_periods[is_new] = n_seen, n_passed
            n_alarmed = int(np.isfinite(decisions).all(axis=0).sum())
            on_progress(n_alarmed, n_runs)
            if n_alarmed == n_runs:
                break
    return Delays(decisions, n_periods, int(early.sum()), n_seen)


def simulate_delays(
    violation: Violation,
    traffic: Traffic,
    log_thresholds: Sequence[float],
    *,
    n_runs: int,
    max_n: float,
    seed: int,
    on_progress: Progress = lambda *_: None,
) -> Delays:
    """Simulate a violation that begins after a time of equal rates, until every run has an alarm.

    Args:
        violation: The rule and the rates from the start of the violation on; before it, both groups have the rate of
            the reference.
        traffic: How many decisions come in a period, and about whom.
        log_thresholds: Natural logs of thresholds, > 0.
        n_runs: Simulated streams, >= 1.
        max_n: Decisions after which a run ends without an alarm.
        seed: Of everything that is drawn.
        on_progress: As in ``find_delays``.
    """
    n_calm = max(CALM_PERIODS, round(CALM_N / max(traffic.per_period, 1.0)))
    periods = draw_periods(violation, traffic, n_runs=n_runs, n_calm=n_calm, max_n=max_n, seed=seed)
    return find_delays(violation.rule, periods, log_thresholds, n_runs=n_runs, n_calm=n_calm, on_progress=on_progress)


def draw_periods(
    violation: Violation, traffic: Traffic, *, n_runs: int, n_calm: int, max_n: float, seed: int
) -> Iterator[Period]:
    """Yield periods with decisions: ``n_calm`` fair ones, then as many of the violation as ``max_n`` allows."""
    random = np.random.default_rng(seed)
    shares = (traffic.share, traffic.share_reference, max(0.0, 1 - traffic.share - traffic.share_reference))
    n_after, n_empty, number = 0, 0, 0
    while n_after < max_n and number < n_calm + MAX_PERIODS:
        for n in random.poisson(traffic.per_period, _BLOCK).tolist():
            if not n:
                n_empty += 1
                continue
            is_calm = number < n_calm
            sizes = random.multinomial(n, shares, n_runs)
            n_a, n_b = sizes[:, 0], sizes[:, 1]
            k_a = random.binomial(n_a, violation.p_b if is_calm else violation.p_a)
            k_b = random.binomial(n_b, violation.p_b)
            yield Period(np.stack([k_a, n_a, k_b, n_b], axis=1), n, n_empty)
            number, n_empty, n_after = number + 1, 0, n_after if is_calm else n_after + n
            if n_after >= max_n or number >= n_calm + MAX_PERIODS:
                break


def quantile(values: Floats, share: float) -> float:
    """Return the value that a share of all values does not exceed; inf if there are none or too many are inf.

    >>> quantile(np.array([100.0, 300.0, np.inf]), 0.5), quantile(np.array([]), 0.5)
    (300.0, inf)
    """
    return float(np.quantile(values, share, method="inverted_cdf")) if values.size else np.inf
