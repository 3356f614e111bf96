"""The answers of ``fairstream plan`` as tables of at most 80 columns."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from stream_app.offline.planning.facts import DelayFacts, Forecast
from stream_app.offline.planning.forecast import HOUR_S, MINUTE_S
from stream_app.offline.planning.request import DAY_S, PlanRequest

_facts = Console(highlight=False)
_WHOLE_FROM = 10  # a number from here on is shown without decimals


def print_forecast(request: PlanRequest, answers: Forecast) -> None:
    """Print what was asked, and the three tables."""
    first = answers.sizes[0]
    _facts.print(
        f"Rule {answers.rule}, reference rate {request.reference_rate:g}, {request.per_day:,.0f} decisions a day, "
        f"{request.share:.1%} of them about the group, {request.share_reference:.1%} about the reference; "
        f"periods of {duration(request.period_s)}, {request.false_alarms_per_million:g} false alarms per million "
        f"decisions. {answers.n_runs} simulated streams, seed {answers.seed}.\n",
        markup=False,
    )
    _facts.print(_size_table(answers))
    _facts.print(_budget_table(answers, first))
    _facts.print(_period_table(answers, first))
    if answers.best_period_s is None:
        text = "No period suits this traffic: the groups meet too seldom, or nothing was detected."
    else:
        text = f"Suggested: period_s = {answers.best_period_s} ({duration(answers.best_period_s)})."
    _facts.print(f"{text} The rule is about all decisions of a period together.", markup=False)


def duration(seconds: int) -> str:
    """Return a length of time in the greatest unit that divides it.

    >>> duration(60), duration(5400), duration(86400), duration(604800), duration(7)
    ('1 min', '90 min', '1 d', '7 d', '7 s')
    """
    for unit, size_s in (("d", DAY_S), ("h", HOUR_S), ("min", MINUTE_S)):
        if not seconds % size_s:
            return f"{seconds // size_s:,} {unit}"
    return f"{seconds:,} s"


def _size_table(answers: Forecast) -> Table:
    table = _new_table("Until a violation is detected")
    for name in ("ratio", "rates", "decisions: median", "90 %", "days: median", "90 %"):
        table.add_column(name, justify="right")
    for delay in answers.sizes:
        rates = f"{delay.rate:.3g} vs. {delay.reference_rate:.3g}"
        table.add_row(f"{delay.ratio:g}", rates, *_decisions(delay), *_days(delay))
    return table


def _budget_table(answers: Forecast, first: DelayFacts) -> Table:
    table = _new_table(f"What the false-alarm budget costs (ratio {first.ratio:g})")
    for name in ("budget", "false alarms a year", "decisions: median", "days: median", "90 %"):
        table.add_column(name, justify="right")
    for budget in answers.budgets:
        delay = budget.delay
        mark = " *" if delay.false_alarms_per_million == first.false_alarms_per_million else ""
        per_year = _number(budget.false_alarms_per_year)
        table.add_row(f"{delay.false_alarms_per_million:g}{mark}", per_year, _decisions(delay)[0], *_days(delay))
    table.caption = (
        "Budget: false alarms per million decisions; * of this plan.\nFalse alarms a year: at most, on average."
    )
    table.caption_justify = "left"
    return table


def _period_table(answers: Forecast, first: DelayFacts) -> Table:
    table = _new_table(f"Comparison period (ratio {first.ratio:g})")
    for name in ("period", "decisions in it", "decisions tested", "days: median", "90 %"):
        table.add_column(name, justify="right")
    for period in answers.periods:
        days = ("too short", "") if period.delay is None else _days(period.delay)
        table.add_row(duration(period.period_s), _number(period.decisions), f"{period.tested_share:.1%}", *days)
    return table


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


def _new_table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold")
