"""The tests of rules at the end of a window: which window arms a warning, and which alarm waits for another."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from stream_app.core.arrays import Ints
from stream_app.core.detection.rules import RateRule, RuleKind
from stream_app.core.groups.comparison import State
from stream_app.core.windows.history import PeriodHistory
from stream_app.core.windows.tally_changes import ClosedPeriod
from stream_app.pipeline.judge.budget import BudgetFamily, is_gap_gated, log_thresholds_of, n_tests_of
from stream_app.pipeline.judge.monitors.continued_tests import IdentifiedTest
from stream_app.pipeline.judge.monitors.onsets import OnsetSearch
from stream_app.pipeline.judge.monitors.rules import MonitoredRule, RuleMonitor, WindowView
from stream_app.pipeline.records.alerts import NamedTest
from stream_app.pipeline.records.evidence import PairTest
from stream_app.policy import Detection, ModelPolicy, Rules, load_policy

LOG_C = math.log(1e8)


def named(test: str) -> IdentifiedTest:
    return IdentifiedTest(NamedTest("sex", "f", test), test, ())


RATIO = MonitoredRule(0, PairTest.RATIO_LOW, RateRule(RuleKind.RATIO, 0.8), 0, False, LOG_C, named("ratio_low"))
GAP = MonitoredRule(0, PairTest.GAP_LOW, RateRule(RuleKind.GAP, 0.2), 0, False, LOG_C, named("gap_low"), gate=0)


def monitor_of(*rules: MonitoredRule) -> RuleMonitor:
    onsets = OnsetSearch(PeriodHistory(), lambda cells: np.array([[cells[0]]]))
    return RuleMonitor(rules, strata=("",), detection=Detection(), config=None, onsets=onsets, stored=None)


def period(at: int, *counts: int) -> tuple[ClosedPeriod, Ints]:
    return ClosedPeriod(60 * at, 60 * at + 60, {0: [counts[1] + counts[3]]}), np.array([[counts]])


def view(*, is_few: bool, is_beyond: bool) -> WindowView:
    return WindowView(np.array([is_few]), np.array([is_beyond]), np.array([not is_beyond]))


def states(monitor: RuleMonitor, *views: WindowView) -> list[State]:
    return [monitor.judge("1m", each, is_close=True)[0].state for each in views]


def fair_monitor() -> RuleMonitor:
    monitor = monitor_of(RATIO)
    for at in range(20):
        monitor.feed(*period(at, 70, 100, 70, 100))
    return monitor


def test_a_window_with_too_few_cases_arms_no_warning() -> None:
    few, full = view(is_few=True, is_beyond=True), view(is_few=False, is_beyond=False)
    assert states(fair_monitor(), few, full, full) == [State.INSUFFICIENT, State.OK, State.OK]


def test_a_window_beyond_the_limit_warns_until_two_windows_have_been_calm() -> None:
    beyond, calm = view(is_few=False, is_beyond=True), view(is_few=False, is_beyond=False)
    expected = [State.WARNING, State.WARNING, State.OK]
    assert states(fair_monitor(), beyond, calm, calm) == expected
    few = view(is_few=True, is_beyond=True)
    assert states(fair_monitor(), beyond, few, calm, calm)[-1] is State.OK


@pytest.mark.parametrize("rules", [(RATIO,), (RATIO, GAP)])
def test_alarms_name_the_evidence_that_was_needed(rules: tuple[MonitoredRule, ...]) -> None:
    monitor = monitor_of(*rules)
    alarms = [alarm for at in range(40) for alarm in monitor.feed(*period(at, 15, 50, 35, 50))]
    assert [alarm.test for alarm in alarms] == [rule.test for rule in rules]
    assert [alarm.log10_threshold for alarm in alarms] == pytest.approx([8.0] * len(rules))


def model(rules: Rules) -> ModelPolicy:
    return msgspec.structs.replace(load_policy("loans").models[0], rules=rules)


@pytest.mark.parametrize(("ratio", "gap"), [(0.8, 0.2), (0.7, 0.3), (0.9, 0.5), (1.0, 0.0)])
def test_a_gap_that_implies_the_ratio_shares_its_part_of_the_budget(ratio: float, gap: float) -> None:
    rules = Rules(min_disparate_impact_ratio=ratio, max_gap=gap)
    assert is_gap_gated(rules)
    for p_b in np.linspace(0.01, 1, 50):
        p_a = p_b - gap - 1e-6  # a gap just beyond the limit
        assert p_a < 0 or p_a < ratio * p_b


def test_one_part_of_the_budget_in_place_of_two_halves_the_thresholds() -> None:
    gated, apart = model(Rules()), model(Rules(max_gap=0.1))
    assert n_tests_of(apart) == {family: 2 * n for family, n in n_tests_of(gated).items()}
    for family in (BudgetFamily.ATTRIBUTES, BudgetFamily.INTERSECTIONS):
        assert log_thresholds_of(apart)[family] == pytest.approx(log_thresholds_of(gated)[family] + math.log(2))


def test_a_false_discovery_rate_takes_the_place_of_the_number_of_false_alarms() -> None:
    loans = load_policy("loans").models[0]
    fdr = Detection(procedure="fdr", false_discovery_rate=0.01, false_alarms_per_million=7)
    logs = log_thresholds_of(msgspec.structs.replace(loans, detection=fdr))
    same = log_thresholds_of(msgspec.structs.replace(loans, detection=Detection(false_alarms_per_million=0.01)))
    assert logs == same


def test_a_gap_that_does_not_imply_the_ratio_has_a_part_of_its_own() -> None:
    rules = Rules(min_disparate_impact_ratio=0.8, max_gap=0.1)
    assert not is_gap_gated(rules)
    p_b, p_a = 0.9, 0.79  # a gap of 0.11, a ratio of 0.88
    assert p_a < p_b - rules.max_gap
    assert p_a >= rules.min_disparate_impact_ratio * p_b
