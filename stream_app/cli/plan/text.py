"""The answers of ``fairstream plan`` for people."""

from __future__ import annotations

from collections.abc import Sequence

from stream_app.cli.layout.listing import Column, Listing, Section
from stream_app.cli.output import facts, print_listing
from stream_app.offline.planning.facts import DelayFacts, Forecast
from stream_app.offline.planning.forecast import HOUR_S, MINUTE_S
from stream_app.offline.planning.request import DAY_S, PlanRequest

_WHOLE_FROM = 10  # a number from here on is shown without decimals


def print_forecast(request: PlanRequest, answers: Forecast) -> None:
    """Print what was asked, and the three tables."""
    first = answers.sizes[0]
    facts.print(
        f"Rule {answers.rule}, reference rate {request.reference_rate:g}, {request.per_day:,.0f} decisions a day, "
        f"{request.share:.1%} of them about the group, {request.share_reference:.1%} about the reference; "
        f"periods of {duration(request.period_s)}, {request.false_alarms_per_million:g} false alarms per million "
        f"decisions. {answers.n_runs} simulated streams, seed {answers.seed}.\n",
        markup=False,
    )
    print_listing(_size_table(answers))
    print_listing(_budget_table(answers, first))
    print_listing(_period_table(answers, first))
    if answers.best_period_s is None:
        text = "No period suits this traffic: the groups meet too seldom, or nothing was detected."
    else:
        text = f"Suggested: period_s = {answers.best_period_s} ({duration(answers.best_period_s)})."
    facts.print(f"{text} The rule is about all decisions of a period together.", markup=False)


def duration(seconds: int) -> str:
    """Return a length of time in the greatest unit that divides it.

    >>> duration(60), duration(5400), duration(86400), duration(604800), duration(7)
    ('1 min', '90 min', '1 d', '7 d', '7 s')
    """
    for unit, size_s in (("d", DAY_S), ("h", HOUR_S), ("min", MINUTE_S)):
        if not seconds % size_s:
            return f"{seconds // size_s:,} {unit}"
    return f"{seconds:,} s"


def _size_table(answers: Forecast) -> Listing:
    rows = [
        (f"{delay.ratio:g}", f"{delay.rate:.3g} vs. {delay.reference_rate:.3g}", *_decisions(delay), *_days(delay))
        for delay in answers.sizes
    ]
    names = ("ratio", "rates", "decisions: median", "decisions: 90 %", "days: median", "days: 90 %")
    return Listing("Until a violation is detected", _columns(names), [Section(rows)])


def _budget_table(answers: Forecast, first: DelayFacts) -> Listing:
    rows = []
    for budget in answers.budgets:
        delay = budget.delay
        mark = " *" if delay.false_alarms_per_million == first.false_alarms_per_million else ""
        per_year = _number(budget.false_alarms_per_year)
        rows.append((f"{delay.false_alarms_per_million:g}{mark}", per_year, _decisions(delay)[0], *_days(delay)))
    return Listing(
        f"What the false-alarm budget costs (ratio {first.ratio:g})",
        _columns(("budget", "false alarms a year", "decisions: median", "days: median", "days: 90 %")),
        [Section(rows)],
        ["Budget: false alarms per million decisions; * of this plan.", "False alarms a year: at most, on average."],
    )


def _period_table(answers: Forecast, first: DelayFacts) -> Listing:
    rows = []
    for period in answers.periods:
        days = ("too short", "") if period.delay is None else _days(period.delay)
        rows.append((duration(period.period_s), _number(period.decisions), f"{period.tested_share:.1%}", *days))
    return Listing(
        f"Comparison period (ratio {first.ratio:g})",
        _columns(("period", "decisions in it", "decisions tested", "days: median", "days: 90 %")),
        [Section(rows)],
    )


def _columns(names: Sequence[str]) -> list[Column]:
    """Return columns of numbers; the first names its row."""
    first, *others = names
    return [Column(first, is_number=True, is_head=True), *(Column(name, is_number=True) for name in others)]


def _decisions(delay: DelayFacts) -> tuple[str, str]:
    most = f"> {delay.simulated_decisions:,}"
    values = (delay.median_decisions, delay.decisions_90)
    return tuple(most if value is None else f"{value:,.0f}" for value in values)  # type: ignore[return-value]


def _days(delay: DelayFacts) -> tuple[str, str]:
    values = (delay.median_days, delay.days_90)
    return tuple("" if value is None else _number(value) for value in values)  # type: ignore[return-value]


def _number(value: float) -> str:
    """Write a number with two digits, or all before the point.

    >>> _number(0.0018), _number(2.5), _number(1250.4)
    ('0.0018', '2.5', '1,250')
    """
    return f"{value:,.0f}" if value >= _WHOLE_FROM else f"{value:.2g}"
