"""The answers of a plan, as values."""

from __future__ import annotations

import msgspec


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
