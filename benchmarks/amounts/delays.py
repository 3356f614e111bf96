"""Delays of the test of mean amounts after a sudden change, beside the oracle."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from benchmarks.amounts.false_alarms import new_bank
from benchmarks.amounts.oracle import new_oracle, sum_by_run
from benchmarks.amounts.shapes import Draw, Floats, bell, points, prices
from benchmarks.amounts.streams import PANE_N, count, seed_of
from stream_app.core.amounts.counts import paired_columns
from stream_app.core.detection.amounts.lines import line_of
from stream_app.core.detection.rules import RateRule, RuleKind

C = 1e8
_BOUNDS_OBSERVED = 6


@dataclass(frozen=True)
class Change:
    """Group a gets worse amounts at once; before, both groups have those of b.

    Attributes:
        name: What it is; its seed is derived from it.
        a: Amounts of a after the change.
        b: Amounts of b.
        gap: Limit of the rule.
        q: Share of a.
        rule: The rule; None for the gap.
        zero: Of a rule about a ratio: the amount 0 as a share of the range.
    """

    name: str
    a: Draw
    b: Draw
    gap: float
    q: float
    rule: RateRule | None = None
    zero: float = 0.0

    @property
    def broken_rule(self) -> RateRule:
        """The rule that is broken after it."""
        return self.rule or RateRule(RuleKind.GAP, self.gap)


@dataclass(frozen=True)
class DelayResult:
    """Delays in decisions from the change to the end of the pane of the alarm; inf where there was none.

    Attributes:
        change: Its name.
        seed: Its seed.
        bound: What the best possible test needs.
        oracle: Delays of the oracle, shape (runs,).
        test: Delays of the test, likewise.
        n_before: Runs with an alarm of the test before the change.
    """

    change: str
    seed: int
    bound: float
    oracle: Floats
    test: Floats
    n_before: int


CHANGES = (
    Change("prices: 10 % dearer, q .5", prices(0.1, 0.5, 1.1), prices(0.1, 0.5), 0.0, 0.5),
    Change("prices: 10 % dearer, q .1", prices(0.1, 0.5, 1.1), prices(0.1, 0.5), 0.0, 0.1),
    Change("prices: 30 % dearer, gap .01, q .5", prices(0.1, 0.5, 1.3), prices(0.1, 0.5), 0.01, 0.5),
    Change("rates: .2 sd worse, q .5", bell(0.48, 0.1), bell(0.5, 0.1), 0.0, 0.5),
    Change("rates: .5 sd worse, gap .02, q .1", bell(0.45, 0.1), bell(0.5, 0.1), 0.02, 0.1),
    Change("limits: 70 % instead of 60 % at the least, q .5", points((0, 0.7)), points((0, 0.6)), 0.0, 0.5),
    Change("two amounts: .4 instead of .5, q .1", points((0, 0.6), (1, 0.4)), points((0, 0.5), (1, 0.5)), 0.0, 0.1),
    Change("narrow: .3 sd worse, sd a bin, q .5", bell(0.391, 0.03), bell(0.4, 0.03), 0.0, 0.5),
)


def delays_after(
    change: Change, *, n_runs: int, n_calm_panes: int, n_oracle_panes: int, n_oracle_runs: int
) -> DelayResult:
    """Measure the delays of the oracle and of the test."""
    line = line_of(change.broken_rule, change.zero)
    oracle = new_oracle(
        change.name,
        change.a,
        change.b,
        line.gap,
        change.q,
        n_panes=n_oracle_panes,
        n_runs=n_oracle_runs,
        scales=(line.scale_a, line.scale_b),
    )
    bound = oracle.bound(C)
    bank = new_bank([change.broken_rule] * n_runs, [math.log(C)] * n_runs, zero=change.zero)
    rng = np.random.default_rng(seed_of(change.name))
    of_oracle, of_test = np.full((2, n_runs), np.inf)
    has_alarm, cusum = np.zeros(n_runs, np.bool_), np.zeros(n_runs)
    for pane in range(-n_calm_panes, math.ceil(_BOUNDS_OBSERVED * bound / PANE_N)):
        n_a = rng.binomial(PANE_N, change.q, n_runs)
        n_b = PANE_N - n_a
        a = (change.a if pane >= 0 else change.b)(rng, int(n_a.sum()))
        b = change.b(rng, int(n_b.sum()))
        cusum = np.maximum(cusum, 0) + sum_by_run(oracle.log_a(a), n_a) + sum_by_run(oracle.log_b(b), n_b)
        columns = paired_columns(count(a, n_a), count(b, n_b), favorable="high")
        alarmed = [alarm.detector for alarm in bank.update(pane, columns[:, None])]
        if pane < 0:
            has_alarm[alarmed] = True
            continue
        after = (pane + 1.0) * PANE_N
        of_test[alarmed] = np.minimum(of_test[alarmed], after)
        of_oracle = np.where(cusum >= oracle.threshold, np.minimum(of_oracle, after), of_oracle)
        if np.isfinite(of_test).all() and np.isfinite(of_oracle).all():
            break
    return DelayResult(change.name, seed_of(change.name), bound, of_oracle, of_test, int(has_alarm.sum()))
