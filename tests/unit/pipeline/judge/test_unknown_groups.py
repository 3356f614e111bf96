"""Decisions of unknown groups, through the judge as it runs: in results, and at their worst in the tests."""

from __future__ import annotations

import msgspec
import pytest

from stream_app.core.windows.cells import Cells
from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.disclosure.results import disclose_result
from stream_app.pipeline.judge.monitors.pairs import config_of
from stream_app.pipeline.records.alerts import decode_alert, encode_alert
from stream_app.pipeline.records.evidence import PairTest
from stream_app.pipeline.records.results import Bounds, GroupResult, Result, decode_result, encode_result
from stream_app.policy import load_policy, parse_policy
from tests.support.lanes.judge_lane import JudgeLane
from tests.support.lanes.outcome_court import FAIR, WORSE
from tests.support.lanes.outcome_court import POLICY as OUTCOME_POLICY
from tests.support.lanes.outcome_court import Court as OutcomeCourt
from tests.unit.pipeline.judge.test_alarms import LIFE_CYCLE, POLICY

WORST_CASE = POLICY.replace("period_s = 10,", 'period_s = 10, unknown_groups = "worst_case",')
Count = tuple[int, int]  # n and favorable


class Court(JudgeLane):
    """Panes of decisions come one by one, some of them of unknown groups."""

    def pane(self, number: int, **counts: Count) -> None:
        """Close a pane; counts by label, ``other`` for ``__other__``."""
        labels = ("f", "m", "unknown", "other")
        cells: Cells = {}
        for label, (n, favorable) in counts.items():
            for decision, count in enumerate((favorable, n - favorable)):
                if count:
                    cells[self.layout.code_of((labels.index(label), 0, decision))] = [count]
        self.close_pane(number, cells)

    def window(self, end_s: int) -> Result:
        return next(result for result in self.results if (result.window, result.end_s) == ("1m", end_s))


def lived(policy: str, *panes: dict[str, Count], is_restarted: bool = False) -> Court:
    court = Court(parse_policy(policy))
    for number, counts in enumerate(panes):
        court.pane(number, **counts)
        if is_restarted:
            court.restart()
    return court


# 35 of 50 women and of 50 men are approved; 15 approved women and 10 denied men do not say their sex.
HIDDEN = {"f": (35, 20), "m": (40, 35), "unknown": (25, 15)}
SPELLED = {"f": (35, 20), "m": (40, 35), "unknown": (10, 5), "other": (15, 10)}


@pytest.mark.parametrize("pane", [HIDDEN, SPELLED], ids=["unknown", "another spelling"])
def test_who_hides_the_sex_of_some_feigns_a_violation_unless_the_unknown_count_at_their_worst(
    pane: dict[str, Count],
) -> None:
    excluded = lived(POLICY, *[pane] * 40)
    assert {(alert.test, alert.change) for alert in excluded.alerts} == {
        (PairTest.RATIO_LOW, "breach"),
        (PairTest.GAP_LOW, "breach"),
    }
    assert not lived(WORST_CASE, *[pane] * 40).alerts


def life_cycle(n_unknown: int) -> list[dict[str, Count]]:
    return [
        {"f": (50, women), "m": (50, men), "unknown": (n_unknown, n_unknown // 2)}
        if n_unknown
        else {"f": (50, women), "m": (50, men)}
        for women, men in LIFE_CYCLE
    ]


def test_a_violation_that_no_allocation_explains_is_detected_later_and_its_end_too() -> None:
    excluded, court = lived(POLICY, *life_cycle(4)), lived(WORST_CASE, *life_cycle(4))
    of_ratio = [alert for alert in court.alerts if alert.test is PairTest.RATIO_LOW]
    breach, recovery = of_ratio
    assert (breach.change, breach.onset_s, recovery.change) == ("breach", 50, "recovery")
    assert breach.pane_s > next(alert.pane_s for alert in excluded.alerts if alert.test is PairTest.RATIO_LOW)
    for alert in of_ratio:
        assert alert.unknown_groups == "worst_case"
        assert "detected for every allocation of the unknown groups" in alert.sentence
        assert decode_alert(encode_alert(alert)) == alert
        assert disclose_alert(alert, 10).unknown_groups == "worst_case"
    assert {alert.unknown_groups for alert in excluded.alerts} == {"excluded"}
    assert not any("allocation" in alert.sentence for alert in excluded.alerts)


def test_without_unknown_groups_the_ratio_is_tested_as_before() -> None:
    excluded, court = lived(POLICY, *life_cycle(0)), lived(WORST_CASE, *life_cycle(0))
    before, after = ([alert for alert in lane.alerts if alert.test is PairTest.RATIO_LOW] for lane in (excluded, court))
    assert [(alert.change, alert.pane_s) for alert in before] == [(alert.change, alert.pane_s) for alert in after]
    assert [alert.log10_e for alert in before] == pytest.approx([alert.log10_e for alert in after])
    assert before


def test_restarts_between_all_panes_change_nothing() -> None:
    court, restarted = lived(WORST_CASE, *life_cycle(4)), lived(WORST_CASE, *life_cycle(4), is_restarted=True)
    assert msgspec.json.encode(restarted.alerts) == msgspec.json.encode(court.alerts)
    assert msgspec.json.encode(restarted.results) == msgspec.json.encode(court.results)


def test_a_period_whose_women_are_all_unknown_cannot_raise_the_evidence() -> None:
    fair = [{"f": (50, 35), "m": (50, 35)}] * 5
    court = lived(WORST_CASE, *fair, *[{"m": (50, 45), "unknown": (50, 5)}] * 60)
    assert not court.alerts
    assert lived(WORST_CASE, *fair, *[{"f": (50, 5), "m": (50, 45)}] * 60).alerts


def test_another_choice_of_the_option_starts_the_tests_again() -> None:
    court = lived(POLICY, *[{"f": (50, 35), "m": (50, 35)}] * 3)
    changed = Court(parse_policy(WORST_CASE), state=court.state, former=(court.policy,))
    changed.pane(3, f=(50, 35), m=(50, 35))
    (restart,) = changed.restarts
    assert (restart.n_kept, restart.n_restarted) == (0, 4)


def test_a_policy_that_does_not_use_the_option_keeps_hash_and_evidence_of_version_0_3() -> None:
    loans = load_policy("loans").models[0]
    assert b"unknown_groups" not in msgspec.json.encode(config_of(loans))
    worst = msgspec.structs.replace(loans.detection, unknown_groups="worst_case")
    changed = msgspec.structs.replace(loans, detection=worst)
    assert config_of(changed) != config_of(loans)
    assert changed.hash() != loans.hash()
    assert (changed.layout_hash(), changed.counting_facts()) == (loans.layout_hash(), loans.counting_facts())


def rows(result: Result) -> dict[str, GroupResult]:
    return {row.group: row for row in result.groups}


def test_a_window_has_the_bounds_and_the_shares_beside_the_values() -> None:
    window = lived(POLICY, *[SPELLED] * 7).window(60)
    groups = rows(window)
    women, men = groups["f"].worst_case, groups["m"].worst_case
    assert women is not None
    assert men is not None
    assert (women.n, men.n) == (150, 150)
    assert women.rate == Bounds(120 / 270, 210 / 300)
    assert women.gap == Bounds(120 / 270 - 300 / 330, 210 / 300 - 210 / 300)
    assert women.ratio == Bounds((120 * 330) / (270 * 300), (210 * 300) / (300 * 210))
    assert (men.rate, men.ratio, men.gap) == (Bounds(210 / 300, 300 / 330), None, None)
    assert [(name, row.share) for name, row in groups.items() if row.share is not None] == [
        ("unknown", 60 / 600),
        ("__other__", 90 / 600),
    ]
    assert decode_result(encode_result(window)) == window


def test_without_unknown_groups_there_are_no_bounds() -> None:
    window = lived(POLICY, *[{"f": (50, 35), "m": (50, 35)}] * 7).window(60)
    assert all(row.worst_case is None and row.share is None for row in window.groups)


@pytest.mark.parametrize(("k", "is_shown"), [(60, True), (61, False), (91, False)])
def test_bounds_are_shown_only_beside_all_counts_that_they_are_made_of(k: int, *, is_shown: bool) -> None:
    disclosed = disclose_result(lived(POLICY, *[SPELLED] * 7).window(60), k)
    women = next(group for group in disclosed.groups if group.group == "f")
    assert women.hidden is None
    assert (women.worst_case is not None) == is_shown


CROSSED = POLICY.replace(
    'reference = "m" }]',
    'reference = "m" }, { name = "race", path = "race", groups = ["w", "b"], reference = "w" }]',
)


def crossed(*counts: tuple[str, str, int, int]) -> Result:
    """Return the result of sex and race in a window of six equal panes: sex, race, n and favorable."""
    court = Court(parse_policy(CROSSED))
    cells: Cells = {}
    for sex, race, n, favorable in counts:
        places = ("f", "m", "unknown").index(sex), ("w", "b", "unknown").index(race)
        for decision, count in enumerate((favorable, n - favorable)):
            if count:
                cells[court.layout.code_of((*places, 0, decision))] = [count]
    for number in range(7):
        court.close_pane(number, cells)
    return next(
        result for result in court.results if (result.attribute, result.window, result.end_s) == ("sex+race", "1m", 60)
    )


def test_intersections_have_bounds_by_the_decisions_that_may_be_theirs() -> None:
    groups = rows(crossed(("f", "b", 40, 20), ("m", "w", 60, 40), ("f", "unknown", 10, 4), ("m", "b", 9, 9)))
    black_women, black_men = groups["f & b"].worst_case, groups["m & b"].worst_case
    assert black_women is not None
    assert (black_women.n, black_women.rate) == (60, Bounds(120 / 276, 144 / 264))
    assert black_women.gap == Bounds((120 * 360 - 240 * 276) / (276 * 360), (144 * 360 - 240 * 264) / (264 * 360))
    assert black_men is None  # no decision of an unknown race may be a man's
    assert groups["m & w"].worst_case is None
    assert groups["f & unknown"].share == 60 / 714


def test_a_share_is_shown_only_beside_the_total() -> None:
    exact = crossed(("f", "b", 1, 0), ("unknown", "w", 20, 10))  # 6 of the window in no line with others
    assert rows(exact)["unknown & w"].share == 120 / 126
    disclosed = disclose_result(msgspec.structs.replace(exact, withheld=msgspec.UNSET), 10)
    unknown = next(group for group in disclosed.groups if group.group == "unknown & w")
    assert (unknown.n, disclosed.n, unknown.share) == (120, None, None)


def test_the_gate_withholds_a_group_that_is_everybody_but_a_few() -> None:
    exact = crossed(("f", "b", 1, 0), ("unknown", "w", 20, 10))
    assert "unknown & w" not in {group.group for group in disclose_result(exact, 10).groups}


def test_bounds_of_intersections_need_the_counts_of_the_reference_candidates_too() -> None:
    exact = crossed(("f", "b", 40, 20), ("m", "w", 60, 40), ("f", "unknown", 10, 4), ("m", "unknown", 1, 1))
    alone = msgspec.structs.replace(exact, withheld=msgspec.UNSET)
    is_shown = [
        next(group for group in disclose_result(alone, k).groups if group.group == "f & b").worst_case is not None
        for k in (0, 10)
    ]
    assert is_shown == [True, False]


def outcome_court(*, n_unknown: int) -> OutcomeCourt:
    """Return a judge whose women fare worse from pane 10 on, beside outcomes of unknown groups, half of them good."""
    policy = OUTCOME_POLICY.replace("period_s = 10", 'period_s = 10, unknown_groups = "worst_case"')
    court = OutcomeCourt(parse_policy(policy))
    for number, (women, men) in enumerate([FAIR] * 10 + [WORSE] * 60):
        good = {"f": women, "m": men, "unknown": n_unknown // 2}
        n = {"f": 50, "m": 50, "unknown": n_unknown}
        outcomes = {(sex, "favorable", "favorable"): k for sex, k in good.items()}
        outcomes |= {(sex, "favorable", "unfavorable"): n[sex] - k for sex, k in good.items()}
        court.outcomes_came(number, outcomes)
    return court


@pytest.mark.parametrize("n_unknown", [0, 4])
def test_outcomes_are_tested_at_the_worst_too(n_unknown: int) -> None:
    (alert,) = outcome_court(n_unknown=n_unknown).alerts
    assert (alert.test, alert.change, alert.unknown_groups) == (PairTest.OUTCOME_LOW, "breach", "worst_case")
    assert "detected for every allocation of the unknown groups" in alert.sentence


def test_outcomes_that_unknown_groups_could_explain_raise_no_alarm() -> None:
    assert not outcome_court(n_unknown=60).alerts


@pytest.mark.parametrize(("option", "n_alarms"), [("excluded", 1), ("worst_case", 0)])
def test_scores_between_groups_are_tested_at_the_worst_too(option: str, n_alarms: int) -> None:
    policy = OUTCOME_POLICY.replace("period_s = 10", f'period_s = 10, unknown_groups = "{option}"')
    court = OutcomeCourt(parse_policy(policy))
    for number in range(60):  # 25 of 50 women and of 50 men have high scores; 15 of the one and of the other hide
        court.decided(number, {"f": (0, 25, 10), "m": (0, 10, 25), "unknown": (0, 15, 15)})
    assert [test for test, _ in court.tests()].count(PairTest.SCORE_LOW) == n_alarms
