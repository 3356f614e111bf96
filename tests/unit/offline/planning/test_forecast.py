"""The answers of a plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stream_app.errors import ConfigError
from stream_app.offline.plan import parse_rule
from stream_app.offline.planning.facts import Forecast
from stream_app.offline.planning.forecast import PERIODS_S, forecast
from stream_app.offline.planning.request import PlanRequest

REQUEST = PlanRequest(
    rule=parse_rule("dir:0.8"),
    reference_rate=0.7,
    ratios=(0.6, 0.4),
    share=0.1,
    share_reference=0.9,
    per_day=5000,
    period_s=3600,
    false_alarms_per_million=0.1,
    weight=0.5,
    n_runs=40,
)


@pytest.fixture(scope="module")
def answers() -> Forecast:
    REQUEST.validate()
    return forecast(REQUEST)


def test_a_greater_violation_is_detected_sooner(answers: Forecast) -> None:
    small, great = answers.sizes
    assert small.median_decisions is not None
    assert great.median_decisions is not None
    assert great.median_decisions < small.median_decisions
    assert small.least_decisions < 1.2 * small.median_decisions
    assert small.rate == pytest.approx(0.42)


def test_a_greater_budget_is_faster_and_costs_false_alarms(answers: Forecast) -> None:
    medians = [budget.delay.median_decisions for budget in answers.budgets]
    assert medians == sorted(medians, key=lambda median: -(median or 0))
    assert [budget.delay.false_alarms_per_million for budget in answers.budgets] == [0.001, 0.01, 0.1, 1.0, 10.0]
    assert answers.budgets[2].false_alarms_per_year == pytest.approx(0.1 * 5000 * 365.25 / 1e6)
    assert answers.budgets[2].delay == answers.sizes[0]


def test_periods_that_are_too_short_or_too_long_are_not_suggested(answers: Forecast) -> None:
    assert [period.period_s for period in answers.periods] == list(PERIODS_S)
    assert answers.periods[0].delay is None  # one decision about the group in three minutes
    assert answers.best_period_s in (900, 3600)
    shares = [period.tested_share for period in answers.periods]
    assert shares == sorted(shares)


def test_the_same_seed_gives_the_same_answers_and_another_one_others(answers: Forecast) -> None:
    assert forecast(REQUEST) == answers
    assert forecast(replace(REQUEST, seed=2)).sizes != answers.sizes


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reference_rate": 1.0}, "reference_rate: expected a number above 0 and below 1"),
        ({"share": 0.0}, "share: expected a number above 0 and below 1"),
        ({"share": 0.2}, "share and share_reference sum to more than 1"),
        ({"per_day": 0.0}, "per_day must be above 0"),
        ({"period_s": 0}, "period_s at least 1"),
        ({"false_alarms_per_million": 0.0}, "false_alarms_per_million: expected"),
        ({"n_runs": 5}, "n_runs: expected a number from 10 to 2,000"),
        ({"ratios": (0.85,)}, "ratios: 0.85 does not violate the rule"),
        ({"ratios": (0.8,)}, "0.8 does not violate the rule"),
        ({"ratios": (1.5,)}, "1.5 does not violate"),
        ({"ratios": (float("nan"),)}, "does not violate"),
        ({"rule": parse_rule("gap:0.2"), "ratios": (0.75,)}, "0.75 does not violate"),
        ({"per_day": float("nan")}, "per_day must be above 0"),
    ],
)
def test_what_cannot_be_planned_is_rejected_with_the_name_of_the_field(change: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        replace(REQUEST, **change).validate()  # type: ignore[arg-type]


def test_the_gap_rule_can_be_planned_too() -> None:
    request = replace(REQUEST, rule=parse_rule("gap:0.1"), ratios=(0.6,))
    request.validate()
    [delay] = forecast(request).sizes
    assert delay.median_decisions is not None


def test_a_violation_too_small_for_the_traffic_is_reported_as_not_detected() -> None:
    request = replace(REQUEST, ratios=(0.79,), share=0.01, share_reference=0.99, per_day=2, n_runs=10)
    request.validate()
    [delay] = forecast(request).sizes
    assert delay.median_decisions is None
    assert delay.simulated_decisions > 0
