"""The answers of a plan: delays by size of the violation, by false-alarm budget and by comparison period."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec

from stream_app.core.detection.rules import RateRule
from stream_app.core.detection.thresholds import MILLION
from stream_app.errors import ConfigError
from stream_app.offline.planning.delays import Delays, Traffic, quantile, simulate_delays
from stream_app.offline.planning.violation import Violation, delay_bound

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
PERIODS_S = (MINUTE_S, 5 * MINUTE_S, 15 * MINUTE_S, HOUR_S, 6 * HOUR_S, DAY_S, 7 * DAY_S)
BUDGET_FACTORS = (0.01, 0.1, 1.0, 10.0, 100.0)
YEAR_DAYS = 365.25

MIN_TESTED = 0.5  # share of the group's decisions below which a period is not simulated
WELL_TESTED = 0.95  # share from which on a period suits the traffic
_ROUNDING = 1e-9  # of limits and rates that are written as decimal fractions
_NEAR_BEST = 1.1
_BOUNDS_OBSERVED = 6
_MAX_RUNS = 2_000

Progress = Callable[[int, int], None]  # runs that are done, all runs


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """What is planned for.

    Attributes:
        rule: The rule that is tested, with its name: ``dir:0.8``.
        reference_rate: Rate of the reference group, in (0, 1).
        ratios: Sizes of violations as ratio of the group's rate to the reference's, each in (0, 1) and beyond the rule.
        share: Share of the model's decisions about the group, in (0, 1).
        share_reference: Share about the reference group, in (0, 1); both sum to at most 1.
        per_day: Decisions of the model in a day, > 0.
        period_s: Comparison period, seconds, >= 1.
        false_alarms_per_million: False-alarm budget of the model, in (0, 1e6).
        weight: Part of the budget that the test of this group has, in (0, 1].
        n_runs: Simulated streams, 10 to 2,000.
        seed: Of the simulation.
    """

    rule: tuple[str, RateRule]
    reference_rate: float
    ratios: tuple[float, ...]
    share: float
    share_reference: float
    per_day: float
    period_s: int
    false_alarms_per_million: float
    weight: float
    n_runs: int = 200
    seed: int = 1

    def validate(self, name_of: Callable[[str], str] = str) -> None:
        """Check all fields.

        Args:
            name_of: Returns what a field is called where the user wrote it; without it, its name here.

        Raises:
            ConfigError: A field is invalid; the message says which.
        """
        for name in ("reference_rate", "share", "share_reference"):
            if not 0 < getattr(self, name) < 1:
                raise ConfigError(f"{name_of(name)}: expected a number above 0 and below 1")
        if self.share + self.share_reference > 1 + 1e-9:
            raise ConfigError(f"{name_of('share')} and {name_of('share_reference')} sum to more than 1")
        if not 0 < self.per_day <= MILLION**2 or self.period_s < 1:
            raise ConfigError(f"{name_of('per_day')} must be above 0 and {name_of('period_s')} at least 1")
        if not 0 < self.false_alarms_per_million < MILLION or not 0 < self.weight <= 1:
            raise ConfigError(f"{name_of('false_alarms_per_million')}: expected a number above 0 and below 1,000,000")
        if not 10 <= self.n_runs <= _MAX_RUNS:  # noqa: PLR2004 (fewer have no 90 %)
            raise ConfigError(f"{name_of('n_runs')}: expected a number from 10 to {_MAX_RUNS:,}")
        for ratio in self.ratios:
            violation = self.violation(ratio) if 0 < ratio < 1 else None
            if violation is None or not _is_violated(violation):
                raise ConfigError(
                    f"{name_of('ratios')}: {ratio:g} does not violate the rule at a reference rate of "
                    f"{self.reference_rate:g}",
                    action="Give a smaller ratio; what is within the limit is never detected, however long one waits",
                )

    def violation(self, ratio: float) -> Violation:
        """Return the violation of one size."""
        q = self.share / (self.share + self.share_reference)
        return Violation(self.rule[1], ratio * self.reference_rate, self.reference_rate, q)

    def log_threshold(self, budget: float) -> float:
        """Return the natural log of the evidence that the test needs under a budget."""
        return math.log(MILLION / (budget * self.weight))

    def traffic(self, period_s: int) -> Traffic:
        """Return the traffic by periods of a length."""
        return Traffic(self.per_day * period_s / DAY_S, self.share, self.share_reference)


class DelayFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How long a violation goes undetected; None where too few runs have an alarm within what was simulated.

    Attributes:
        ratio: Size of the violation.
        rate: Rate of the group.
        reference_rate: Rate of the reference group.
        false_alarms_per_million: False-alarm budget of the model.
        period_s: Comparison period.
        median_decisions: Decisions of the model until half of the runs have an alarm.
        decisions_90: The same for 90 % of the runs.
        median_days: Days until half of the runs have one.
        days_90: The same for 90 %.
        least_decisions: Approximate number of decisions that any method needs at this budget.
        simulated_decisions: Decisions of the violation that were simulated at most.
    """

    ratio: float
    rate: float
    reference_rate: float
    false_alarms_per_million: float
    period_s: int
    median_decisions: float | None
    decisions_90: float | None
    median_days: float | None
    days_90: float | None
    least_decisions: float
    simulated_decisions: int


class BudgetFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What one false-alarm budget costs.

    Attributes:
        false_alarms_per_year: False alarms of the model that it permits in a year, at most.
        delay: How long the violation goes undetected under it.
    """

    false_alarms_per_year: float
    delay: DelayFacts


class PeriodFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How one comparison period suits the traffic.

    Attributes:
        period_s: Its length.
        decisions: Decisions of the model in it, on average.
        tested_share: Share of the group's decisions in periods with a decision about the reference, or the reference's
            in periods with one about the group, whichever is less, in [0, 1].
        delay: How long the violation goes undetected; None where less than half is tested.
    """

    period_s: int
    decisions: float
    tested_share: float
    delay: DelayFacts | None


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of a plan.

    Attributes:
        rule: Name of the rule.
        sizes: Delay for each size of the violation, in the order of the request.
        budgets: What budgets cost, for the first size.
        periods: How comparison periods suit the traffic, for the first size.
        best_period_s: The shortest period in which at least 95 % of the decisions are tested and whose median is at
            most a tenth above the least of those; None where there is none.
        n_runs: Simulated streams.
        seed: Of the simulation.
    """

    rule: str
    sizes: list[DelayFacts]
    budgets: list[BudgetFacts]
    periods: list[PeriodFacts]
    best_period_s: int | None
    n_runs: int
    seed: int


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


def _is_violated(violation: Violation) -> bool:
    x, _ = violation.nearest_fair_rates()
    return violation.p_a < x - _ROUNDING


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
