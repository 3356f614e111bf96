"""From panes to alarms, recoveries and states, through the judge as it runs."""

from __future__ import annotations

import math

import msgspec
import pytest

from stream_app.core.windows.cells import Cells
from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.evidence import PairTest
from stream_app.policy import parse_policy
from tests.support.lanes.judge_lane import JudgeLane

# Four tests of one pair share the budget: each has the threshold 1e8 of the reference streams.
POLICY = """
schema = 1
[[models]]
name = "m"
topic = "raw"
event_id = { path = "id", link_domain = "d" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t" }
attributes = [{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }]
segment = { name = "product", path = "product", values = ["auto", "home"] }
windows = [{ name = "1m", size_s = 60 }]
detection = { period_s = 10, false_alarms_per_million = 0.04 }
"""
LIFE_CYCLE = [(35, 35)] * 5 + [(15, 35)] * 20 + [(36, 35)] * 40  # approved of 50 women and of 50 men in each pane


class Court(JudgeLane):
    """Panes of decisions come one by one."""

    def cells(self, approved: tuple[int, int], n: int = 50) -> Cells:
        """Return cells of women and men, all in the first segment."""
        cells = {}
        for sex, k in enumerate(approved):
            for decision, count in enumerate((k, n - k)):
                if count:
                    cells[self.layout.code_of((sex, 0, decision))] = [count]
        return cells

    def of(self, test: PairTest) -> list[Alert]:
        return [alert for alert in self.alerts if alert.test is test]


def lived(policy: str = POLICY, *, is_restarted: bool = False) -> Court:
    court = Court(parse_policy(policy))
    for number, approved in enumerate(LIFE_CYCLE):
        court.close_pane(number, court.cells(approved))
        if is_restarted:
            court.restart()
    return court


@pytest.fixture(scope="module")
def deployment() -> Court:
    return lived()


def test_a_violation_is_detected_and_its_end_too_each_once(deployment: Court) -> None:
    breach, clear = deployment.of(PairTest.RATIO_LOW)
    assert (breach.change, breach.pane_s, breach.onset_s) == ("breach", 80, 50)
    assert breach.log10_e == pytest.approx(20.233719 / math.log(10), abs=1e-6)
    assert breach.log10_threshold == pytest.approx(math.log10(5e7))  # ratio and gap share two parts of four
    assert (clear.change, clear.pane_s, clear.onset_s) == ("recovery", 300, 250)
    assert clear.log10_e == pytest.approx(14.253497 / math.log(10), abs=1e-6)


def test_nobody_is_accused_of_the_opposite(deployment: Court) -> None:
    assert not deployment.of(PairTest.RATIO_HIGH)
    assert not deployment.of(PairTest.GAP_HIGH)


def test_an_alert_says_what_was_seen_since_the_onset_and_by_which_records(deployment: Court) -> None:
    breach, clear = deployment.of(PairTest.RATIO_LOW)
    assert (breach.start_s, breach.end_s, breach.at_s) == (50, 90, 90)
    assert (clear.start_s, clear.end_s, clear.n, clear.favorable) == (250, 310, 300, 6 * 36)
    assert (breach.n, breach.favorable, breach.n_reference) == (200, 4 * 15, 200)
    assert breach.offsets == {"raw": {0: 900}}
    assert breach.cause is not None
    assert breach.cause.gap == breach.gap
    assert breach.sentence.startswith("DIR 0.43 (limit 0.80), f vs. m: rate difference -40 percentage points")
    assert "estimated onset 1970-01-01T00:00:50Z" in breach.sentence
    assert "probably ended at 1970-01-01T00:04:10Z" in clear.sentence


def test_a_breach_lasts_until_the_recovery_whatever_single_windows_say(deployment: Court) -> None:
    windows = [result for result in deployment.results if result.window == "1m"]
    states = {result.end_s: result.groups[0].state for result in windows}
    assert states[60] == "ok"
    assert {states[end_s] for end_s in (120, 180, 240, 300)} == {"breach"}
    assert {states[end_s] for end_s in range(420, 660, 60)} == {"ok"}


def test_evidence_stands_beside_the_values(deployment: Court) -> None:
    (window,) = [result for result in deployment.results if result.window == "1m" and result.end_s == 120]
    group, reference = window.groups
    (ratio_low, _, gap_low, _) = group.evidence
    assert (ratio_low.test, ratio_low.state, ratio_low.alarm_s, ratio_low.onset_s) == ("ratio_low", "breach", 80, 50)
    assert gap_low.test == "gap_low"
    assert group.ratio_bounds is not None
    assert group.ratio_bounds.lower < (group.disparate_impact_ratio or 0) < (group.ratio_bounds.upper or 0)
    assert group.cause is not None
    assert group.sentence is not None
    assert (reference.evidence, reference.ratio_bounds, reference.cause) == ((), None, None)


def test_restarts_between_all_panes_change_nothing(deployment: Court) -> None:
    restarted = lived(is_restarted=True)
    assert msgspec.json.encode(restarted.alerts) == msgspec.json.encode(deployment.alerts)
    assert msgspec.json.encode(restarted.results) == msgspec.json.encode(deployment.results)


def test_a_breach_of_the_plain_rules_counts_only_where_the_policy_wants_it(deployment: Court) -> None:
    blind = "0.04, design_effect = 1000, plain_rules = true }"  # the tests see a thousandth of what happens
    plain = lived(POLICY.replace("0.04 }", blind))
    assert not plain.alerts
    by_end = {result.end_s: result.groups[0] for result in plain.results if result.window == "1m"}
    assert by_end[120].state == "breach"
    assert by_end[120].evidence[0].state != "breach"
    quiet = {result.end_s: result.groups[0] for result in deployment.results if result.window == "1m"}
    assert quiet[60].rules == () == by_end[60].rules


@pytest.mark.parametrize(
    ("change", "n_restarted"),
    [
        ('windows = [{ name = "2m", size_s = 120 }]', 0),
        ("rules = { min_disparate_impact_ratio = 0.85 }", 2),
        ("rules = { min_disparate_impact_ratio = 0.4 }", 2),
    ],
)
def test_a_changed_policy_never_ends_a_breach(deployment: Court, change: str, n_restarted: int) -> None:
    text = POLICY.replace('windows = [{ name = "1m", size_s = 60 }]\n', "") if "windows" in change else POLICY
    court = Court(deployment.policy)
    for number, approved in enumerate(LIFE_CYCLE[:12]):
        court.close_pane(number, court.cells(approved))
    changed = Court(parse_policy(text + change), state=dict(court.state), former=(deployment.policy,))
    for number in range(12, 24):
        changed.close_pane(number, changed.cells((15, 35)))
    first = next(result for result in changed.results if result.window != "total").groups[0]
    assert (first.state, first.evidence[0].alarm_s) == ("breach", 80)
    assert [restart.n_restarted for restart in changed.restarts] == ([n_restarted] if n_restarted else [])
    assert not [alert for alert in changed.of(PairTest.RATIO_LOW) if alert.change == "breach"]


def test_a_breach_under_a_changed_limit_ends_by_evidence_of_a_recovery(deployment: Court) -> None:
    court = Court(deployment.policy)
    for number, approved in enumerate(LIFE_CYCLE[:12]):
        court.close_pane(number, court.cells(approved))
    strict = parse_policy(POLICY + "rules = { min_disparate_impact_ratio = 0.85 }")
    changed = Court(strict, state=dict(court.state), former=(deployment.policy,))
    for number in range(12, 60):
        changed.close_pane(number, changed.cells((36, 35)))
    [recovery] = changed.of(PairTest.RATIO_LOW)
    assert (recovery.change, recovery.policy_hash) == ("recovery", strict.models[0].hash())
    [restart] = changed.restarts
    assert ("sex", "f", "ratio_low") in restart.open_breaches
    assert restart.sentence.startswith(f"Monitoring restarted: policy {deployment.model.hash()} -> ")


def test_adding_and_reordering_groups_keeps_the_evidence_of_the_others(deployment: Court) -> None:
    """Bit for bit: what a test knows does not depend on those beside it, but for its threshold."""
    plain = Court(deployment.policy)
    wide = POLICY.replace('groups = ["f", "m"]', 'groups = ["x", "m", "f"]')
    assert wide != POLICY
    for number, approved in enumerate(LIFE_CYCLE[:7]):
        plain.close_pane(number, plain.cells(approved))
    grown = Court(parse_policy(wide), state=dict(plain.state), former=(deployment.policy,))
    for number, approved in enumerate(LIFE_CYCLE[7:8], 7):
        plain.close_pane(number, plain.cells(approved))
        cells = {}
        for sex, k in zip((2, 1), approved, strict=True):
            for decision, count in enumerate((k, 50 - k)):
                cells[grown.layout.code_of((sex, 0, decision))] = [count]
        grown.close_pane(number, cells)
    evidence = [
        [test.log10_e for test in group.evidence]
        for court in (plain, grown)
        for group in [result for result in court.results if result.window == "total"][-1].groups
        if group.group == "f"
    ]
    assert evidence[0] == evidence[-1]
    assert grown.restarts == []


def test_a_stratified_test_is_not_fooled_by_a_change_of_the_mix() -> None:
    policies = {name: POLICY.replace("0.04 }", f"0.04, is_stratified = {name} }}") for name in ("true", "false")}
    alarms = {}
    for name, policy in policies.items():
        court = Court(parse_policy(policy))
        for number in range(60):
            cells = {}
            # Rates are 0.9 in auto and 0.3 in home for everybody; women apply for home, men for auto.
            for sex, product, n in ((0, 0, 10), (0, 1, 40), (1, 0, 40), (1, 1, 10)):
                k = n * (9, 3)[product] // 10
                for decision, count in enumerate((k, n - k)):
                    cells[court.layout.code_of((sex, product, decision))] = [count]
            court.close_pane(number, cells)
        alarms[name] = len(court.of(PairTest.RATIO_LOW))
    assert alarms == {"true": 0, "false": 1}


def test_an_alert_about_few_people_has_no_numbers(deployment: Court) -> None:
    alert = deployment.of(PairTest.RATIO_LOW)[0]
    shown, hidden = disclose_alert(alert, 10), disclose_alert(alert, alert.n + 1)
    assert (shown.n, shown.is_hidden, shown.sentence) == (alert.n, False, alert.sentence)
    assert (hidden.n, hidden.rate, hidden.cause, hidden.sentence, hidden.is_hidden) == (None, None, None, None, True)
    assert (hidden.group, hidden.onset_s, hidden.log10_e) == ("f", alert.onset_s, alert.log10_e)
