"""From panes of outcomes to alarms, through the judge as it runs."""

from __future__ import annotations

import math

import msgspec
import pytest

from stream_app.errors import StateError
from stream_app.pipeline.disclosure.outcomes import TOO_FEW, disclose_outcomes
from stream_app.pipeline.judge.budget import BudgetFamily, log_thresholds_of, n_tests_of
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.records.evidence import PairTest
from stream_app.pipeline.records.outcome_results import OutcomeResult, decode_decision_result
from stream_app.pipeline.topology import Topology
from stream_app.policy import load_policy, outcome_layout_hash, parse_policy
from tests.support.lanes.outcome_court import FAIR, FULL, POLICY, WORSE, Court


def lived(*, is_restarted: bool = False) -> Court:
    court = Court(parse_policy(POLICY))
    for number, good in enumerate([FAIR] * 10 + [WORSE] * 30 + [FAIR] * 60):
        court.approved_came(number, good)
        if is_restarted:
            court.restart()
    return court


@pytest.fixture(scope="module")
def deployment() -> Court:
    return lived()


def test_outcomes_that_get_worse_are_detected_and_their_end_too_each_once(deployment: Court) -> None:
    assert deployment.tests() == [(PairTest.OUTCOME_LOW, "breach"), (PairTest.OUTCOME_LOW, "recovery")]
    breach, clear = deployment.alerts
    assert (breach.model, breach.attribute, breach.group, breach.reference) == ("m/outcomes", "sex", "f", "m")
    assert breach.onset_s == 100
    assert 100 < breach.pane_s < 250
    assert 400 <= clear.onset_s < clear.pane_s
    assert "probably ended at 1970-01-01T00:0" in clear.sentence


def test_an_alert_counts_what_its_test_counts(deployment: Court) -> None:
    breach = deployment.alerts[0]
    assert breach.rate == breach.favorable / breach.n
    assert breach.n == breach.n_reference
    assert breach.favorable_reference / breach.n_reference == 0.9
    assert breach.sentence.startswith("Good outcomes among the approved: f ")
    assert "(limit ±10)" in breach.sentence
    assert "estimated onset 1970-01-01T00:01:40Z" in breach.sentence
    assert breach.cause is not None
    assert breach.cause.gap == breach.gap
    assert breach.cause.shortfall is None


def test_an_outcome_counts_where_the_budget_says_so(deployment: Court) -> None:
    log_c = log_thresholds_of(deployment.model)
    assert deployment.alerts[0].log10_threshold == pytest.approx(log_c[BudgetFamily.OUTCOMES] / math.log(10))
    share = sum(n * math.exp(-log_c[subject]) for subject, n in n_tests_of(deployment.model).items() if n)
    assert share * 1e6 == pytest.approx(deployment.model.detection.false_alarms_per_million)


@pytest.mark.parametrize("name", ["credit", "loans", "loanapp"])
def test_all_tests_of_a_model_together_keep_its_budget(name: str) -> None:
    model = load_policy(name).models[0]
    log_c = log_thresholds_of(model)
    share = sum(n * math.exp(-log_c[subject]) for subject, n in n_tests_of(model).items() if n)
    assert share * 1e6 == pytest.approx(model.detection.false_alarms_per_million)


def test_windows_say_how_the_tests_stand_beside_the_values(deployment: Court) -> None:
    windows = {result.end_s: result for result in deployment.outcomes if result.window == "1m"}
    women, men = windows[60].groups
    assert (women.state, men.state, men.evidence) == ("ok", None, ())
    assert [test.test for test in women.evidence] == [PairTest.OUTCOME_LOW, PairTest.OUTCOME_HIGH]
    assert windows[300].state == "breach"
    assert windows[300].groups[0].evidence[0].onset_s == 100
    assert windows[960].state == "ok"
    assert windows[60].key == "m/outcomes|sex|1m|60"


def test_restarts_between_all_panes_change_nothing(deployment: Court) -> None:
    restarted = lived(is_restarted=True)
    assert msgspec.json.encode(restarted.alerts) == msgspec.json.encode(deployment.alerts)
    assert msgspec.json.encode(restarted.outcomes) == msgspec.json.encode(deployment.outcomes)
    assert restarted.clocks == deployment.clocks


def test_a_reader_of_decisions_leaves_outcomes_out(deployment: Court) -> None:
    record = msgspec.json.encode(deployment.outcomes[0])
    assert decode_decision_result(record) is None
    with pytest.raises(msgspec.MsgspecError):
        decode_decision_result(b"{}")


def test_a_new_owner_shows_the_newest_outcomes_again(deployment: Court) -> None:
    owner = JudgeStep(deployment.policy, 0, Topology())
    owner.restore(deployment.state, 0)
    newest = {result.key: result for result in deployment.outcomes}
    for result in owner.newest_results():
        assert isinstance(result, OutcomeResult)
        # The evidence of the tests is as of now; what was counted is as of the close.
        assert result.groups[0].favorable_outcome_rate == newest[result.key].groups[0].favorable_outcome_rate


def test_errors_are_distinguished_where_outcomes_of_denied_cases_come_too() -> None:
    court = Court(parse_policy(FULL))
    for number in range(60):
        counts = {}
        for sex, (tp, fn, fp, tn) in {"f": (15, 25, 4, 16), "m": (32, 8, 4, 16)}.items():
            counts[sex, "favorable", "favorable"] = tp
            counts[sex, "unfavorable", "favorable"] = fn
            counts[sex, "favorable", "unfavorable"] = fp
            counts[sex, "unfavorable", "unfavorable"] = tn
        court.outcomes_came(number, counts)
    assert court.tests() == [(PairTest.TPR_LOW, "breach")]
    assert court.alerts[0].n == court.alerts[0].n_reference
    assert court.alerts[0].sentence.startswith("Approvals among good outcomes: f 37.5% vs. m 80.0%, rate difference -4")
    evidence = {test.test: test.state for test in court.outcomes[-2].groups[0].evidence}
    assert evidence == {
        PairTest.TPR_LOW: "breach",
        PairTest.TPR_HIGH: "ok",
        PairTest.FPR_LOW: "ok",
        PairTest.FPR_HIGH: "ok",
    }


def test_decisions_and_outcomes_of_a_model_have_clocks_of_their_own() -> None:
    court = Court(parse_policy(POLICY))
    court.decided(700, {"f": (1, 1, 1, 1), "m": (1, 1, 1, 1)})
    court.approved_came(3, FAIR)
    report = court.judge.take_report()
    assert {name: own.closed_before_s for name, own in report.models.items()} == {"m": 7010, "m/outcomes": 40}
    assert report.n_unknown_model == 0


def test_outcomes_of_a_policy_that_is_not_registered_make_the_lane_look_again() -> None:
    policy = parse_policy(POLICY.partition("\n[models.outcome]")[0])
    court = Court(policy)
    other = Court(parse_policy(POLICY))
    with pytest.raises(StateError, match="policy"):
        court.close_outcomes(0, outcome_layout_hash(other.model), {})


def test_few_outcomes_give_no_number_and_small_groups_no_verdict(deployment: Court) -> None:
    [window] = [result for result in deployment.outcomes if result.window == "1m" and result.end_s == 300]
    shown = disclose_outcomes(window, 10).groups[0]
    assert (shown.n, shown.state, shown.hidden) == (300, "breach", None)
    hidden = disclose_outcomes(window, 301)
    assert {own.hidden for own in hidden.groups} == {"small_cell"}
    assert (hidden.n, hidden.state) == (600, "insufficient")


def test_each_rate_needs_k_cases_of_its_own() -> None:
    court = Court(parse_policy(FULL))
    counts = {
        ("f", "favorable", "favorable"): 40, ("f", "favorable", "unfavorable"): 3,
        ("m", "favorable", "favorable"): 60, ("m", "favorable", "unfavorable"): 60,
    }  # fmt: skip
    for number in (0, 6):
        court.outcomes_came(number, counts)
    window = next(result for result in court.outcomes if result.window == "1m")
    women = disclose_outcomes(window, 10).groups[0]
    assert women.false_positive_rate is not None
    assert (women.false_positive_rate.value, women.false_positive_rate.reason) == (None, TOO_FEW)
    assert women.true_positive_rate is not None  # its 40 cases of the 43 leave 3
    assert (women.true_positive_rate.value, women.true_positive_rate.reason) == (None, "withheld")
    men = disclose_outcomes(window, 10).groups[1]
    assert men.true_positive_rate is not None
    assert men.true_positive_rate.value == 1.0


def test_an_attribute_with_nobody_to_compare_is_counted_and_not_tested() -> None:
    court = Court(parse_policy(POLICY.replace('groups = ["f", "m"]', 'groups = ["m"]')))
    court.close_outcomes(0, outcome_layout_hash(court.model), {0: [40, 40, 1, 1]})
    court.close_pane(0, {0: [40, 40, 1, 1]})
    assert [group.evidence for result in court.outcomes for group in result.groups] == [()]
    assert [test.test for test in court.results[-1].groups[0].evidence] == [PairTest.SCORE_DRIFT]
