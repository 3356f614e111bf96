"""The answers of a plan: delays by size of the violation, by false-alarm budget and by comparison period."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from stream_app.core.detection.thresholds import MILLION
from stream_app.offline.planning.delays import Delays, Traffic, quantile, simulate_delays
from stream_app.offline.planning.facts import BudgetFacts, DelayFacts, Forecast, PeriodFacts
from stream_app.offline.planning.request import DAY_S, PlanRequest
from stream_app.offline.planning.violation import Violation, delay_bound

MINUTE_S, HOUR_S = 60, 3600
PERIODS_S = (MINUTE_S, 5 * MINUTE_S, 15 * MINUTE_S, HOUR_S, 6 * HOUR_S, DAY_S, 7 * DAY_S)
BUDGET_FACTORS = (0.01, 0.1, 1.0, 10.0, 100.0)
YEAR_DAYS = 365.25

MIN_TESTED = 0.5  # share of the group's decisions below which a period is not simulated
WELL_TESTED = 0.95  # share from which on a period suits the traffic
_NEAR_BEST = 1.1
_BOUNDS_OBSERVED = 6

Progress = Callable[[int, int], None]  # runs that are done, all runs


def forecast(request: PlanRequest, on_progress: Progress = lambda *_: None) -> Forecast:
    """Simulate what a valid request asks for."""
    budgets = [float(f"{request.false_alarms_per_million * factor:.12g}") for factor in BUDGET_FACTORS]
    budgets = [budget for budget in budgets if budget < MILLION]
    own, n_per_year = BUDGET_FACTORS.index(1.0), request.per_day * YEAR_DAYS
    progress = _Progress(on_progress, request)
    by_ratio = [_simulate(request, ratio, budgets, progress) for ratio in request.ratios]
    periods = [_suit(request, period_s, progress) for period_s in PERIODS_S]
    return Forecast(
        rule=request.rule[0],
        sizes=[delays[own] for delays in by_ratio],
        budgets=[
            BudgetFacts(false_alarms_per_year=delay.false_alarms_per_million * n_per_year / MILLION, delay=delay)
            for delay in by_ratio[0]
        ],
        periods=periods,
        best_period_s=_best(periods),
        n_runs=request.n_runs,
        seed=request.seed,
    )


def tested_share(traffic: Traffic) -> float:
    """Return the share of decisions in periods with both groups, of the group for which it is less.

    >>> round(tested_share(Traffic(10, 0.05, 0.95)), 3), round(tested_share(Traffic(100, 0.05, 0.95)), 3)
    (0.393, 0.993)
    """
    return -math.expm1(-traffic.per_period * min(traffic.share, traffic.share_reference))


class _Progress:
    """Adds up the runs of all simulations."""

    def __init__(self, on_progress: Progress, request: PlanRequest) -> None:
        self._on_progress = on_progress
        n_periods = sum(tested_share(request.traffic(period_s)) >= MIN_TESTED for period_s in PERIODS_S)
        self._n_runs, self._n_all = request.n_runs, (len(request.ratios) + n_periods) * request.n_runs
        self._n_before = 0

    def show(self, n_done: int, _: int) -> None:
        """Report the runs that are done in the present simulation."""
        self._on_progress(self._n_before + n_done, self._n_all)

    def end(self) -> None:
        """End a simulation."""
        self._n_before += self._n_runs
        self._on_progress(self._n_before, self._n_all)


def _suit(request: PlanRequest, period_s: int, progress: _Progress) -> PeriodFacts:
    traffic = request.traffic(period_s)
    share, delay = tested_share(traffic), None
    if share >= MIN_TESTED:
        one = replace(request, period_s=period_s)
        [delay] = _simulate(one, request.ratios[0], [request.false_alarms_per_million], progress)
    return PeriodFacts(period_s=period_s, decisions=traffic.per_period, tested_share=share, delay=delay)


def _simulate(request: PlanRequest, ratio: float, budgets: Sequence[float], progress: _Progress) -> list[DelayFacts]:
    violation, traffic = request.violation(ratio), request.traffic(request.period_s)
    divergence = violation.divergence() * (request.share + request.share_reference)
    logs = [request.log_threshold(budget) for budget in budgets]
    bounds = [delay_bound(math.exp(log_c), divergence) for log_c in logs]
    delays = simulate_delays(
        violation,
        traffic,
        logs,
        n_runs=request.n_runs,
        max_n=_BOUNDS_OBSERVED * max(bounds) + 10 * traffic.per_period,
        seed=request.seed,
        on_progress=progress.show,
    )
    progress.end()
    return [
        _delay_facts(request, violation, ratio, budget, delays, place, bounds[place])
        for place, budget in enumerate(budgets)
    ]


def _delay_facts(
    request: PlanRequest, violation: Violation, ratio: float, budget: float, delays: Delays, place: int, bound: float
) -> DelayFacts:
    days = delays.periods[place] * request.period_s / DAY_S
    return DelayFacts(
        ratio=ratio,
        rate=violation.p_a,
        reference_rate=violation.p_b,
        false_alarms_per_million=budget,
        period_s=request.period_s,
        median_decisions=_known(quantile(delays.decisions[place], 0.5)),
        decisions_90=_known(quantile(delays.decisions[place], 0.9)),
        median_days=_known(quantile(days, 0.5)),
        days_90=_known(quantile(days, 0.9)),
        least_decisions=bound,
        simulated_decisions=delays.n_observed,
    )


def _best(periods: Sequence[PeriodFacts]) -> int | None:
    medians = {
        period.period_s: period.delay.median_days
        for period in periods
        if period.tested_share >= WELL_TESTED and period.delay is not None and period.delay.median_days is not None
    }
    least = min(medians.values(), default=0.0)
    return next((period_s for period_s, median in medians.items() if median <= _NEAR_BEST * least), None)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
