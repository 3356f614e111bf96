"""Decisions in clusters from panes to alarms, through the judge as it runs."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from stream_app.core.windows.cells import Cells, add_cells
from stream_app.pipeline.layout import layout_of, pane_layout_of
from stream_app.pipeline.policy_change import mapping_between
from stream_app.pipeline.records.results import TOTAL_WINDOW, Result
from stream_app.policy import Policy, parse_policy
from tests.support.lanes.judge_lane import JudgeLane

POLICY = """
schema = 1
[[models]]
name = "m"
topic = "raw"
event_id = { path = "id", link_domain = "d" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t" }
attributes = [{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }]
windows = [{ name = "1m", size_s = 60 }]
detection = { period_s = 10, false_alarms_per_million = 50 }
cluster = "team"
"""
CLUSTERED = parse_policy(POLICY)
PLAIN = parse_policy(POLICY.replace('cluster = "team"', ""))
UNKNOWN_BUCKET = 64


class Court(JudgeLane):
    """Panes of 40 teams with 10 decisions each, all about women or all about men."""

    def draw(self, rng: np.random.Generator, p_f: float, p_m: float, *, correlation: float) -> Cells:
        """Return the cells of a pane; teams are in buckets of their own where the policy has clusters."""
        weight = 1 / correlation - 1
        layout, has_clusters = pane_layout_of(self.model), self.model.cluster is not None
        cells: Cells = {}
        for team in range(40):
            rate = (p_f, p_m)[team % 2]
            k = int(rng.binomial(10, rng.beta(rate * weight, (1 - rate) * weight)))
            for decision, n in enumerate((k, 10 - k)):
                code = layout.code_of((team % 2, decision, team) if has_clusters else (team % 2, decision))
                add_cells(cells, {code: [n]} if n else {})
        return cells

    def newest(self, window: str) -> Result:
        return [result for result in self.results if result.window == window][-1]


def lived(policy: Policy, rates: list[float], *, is_restarted: bool = False, correlation: float = 0.2) -> Court:
    """Return the judge after panes with these rates of women; the rate of men is 0.7."""
    court, rng = Court(policy), np.random.default_rng(5)
    for number, p_f in enumerate(rates):
        court.close_pane(number, court.draw(rng, p_f, 0.7, correlation=correlation))
        if is_restarted:
            court.restart()
    return court


def test_correlated_decisions_raise_no_alarm_where_they_are_clusters() -> None:
    # Exactly four fifths in every period, in 24,000 decisions.
    assert not lived(CLUSTERED, [0.56] * 60).alerts
    assert lived(PLAIN, [0.56] * 60).alerts


@pytest.fixture(scope="module")
def court() -> Court:
    return lived(CLUSTERED, [0.7] * 10 + [0.3] * 20 + [0.7] * 60)


def test_a_violation_raises_an_alarm_and_recovers(court: Court) -> None:
    low = [alert for alert in court.alerts if alert.test == "ratio_low"]
    assert [alert.change for alert in low] == ["breach", "recovery"]
    assert low[0].onset_s == 100
    assert low[1].onset_s == 300
    assert {alert.group for alert in court.alerts} == {"f"}


def test_windows_and_totals_are_summed_over_buckets(court: Court) -> None:
    for window, n in (("1m", 6 * 400), (TOTAL_WINDOW, 90 * 400)):
        assert court.newest(window).n == n


def test_results_show_the_design_effect_and_intervals_are_wider_by_it(court: Court) -> None:
    female, male = court.newest("1m").groups
    assert isinstance(female.design_effect, float)
    assert female.design_effect == pytest.approx(1 + 9 * 0.2, rel=0.2)
    assert male.design_effect is None
    plain = lived(PLAIN, [0.7] * 10 + [0.3] * 20 + [0.7] * 60).newest("1m").groups[0]
    assert (female.n, female.favorable, plain.design_effect) == (plain.n, plain.favorable, None)
    assert female.gap_bounds is not None
    assert plain.gap_bounds is not None
    assert female.gap_bounds.upper is not None
    assert plain.gap_bounds.upper is not None
    wider = (female.gap_bounds.upper - female.gap_bounds.lower) / (plain.gap_bounds.upper - plain.gap_bounds.lower)
    assert wider == pytest.approx(female.design_effect**0.5, rel=0.02)


def test_a_judge_that_restarts_after_each_pane_says_the_same_bit_for_bit() -> None:
    rates = [0.7] * 5 + [0.3] * 12
    whole, restarted = lived(CLUSTERED, rates), lived(CLUSTERED, rates, is_restarted=True)
    assert (restarted.alerts, restarted.results) == (whole.alerts, whole.results)
    assert restarted.state == whole.state


def panes_to_an_alarm(policy: Policy, bucket: int | None) -> int:
    """Return in which pane there is an alarm where 50 women are denied and 50 men approved in each."""
    court = Court(policy)
    layout = pane_layout_of(court.model)
    last = () if bucket is None else (bucket,)
    while not court.alerts:
        number = len(court.clocks)
        court.close_pane(number, {layout.code_of((0, 1, *last)): [50], layout.code_of((1, 0, *last)): [50]})
    return number


def test_decisions_without_a_cluster_are_one_unit() -> None:
    assert panes_to_an_alarm(PLAIN, None) == 0
    assert panes_to_an_alarm(CLUSTERED, UNKNOWN_BUCKET) == panes_to_an_alarm(CLUSTERED, 7) >= 9


def test_clusters_are_added_changed_and_removed_without_a_new_deployment() -> None:
    rng = np.random.default_rng(6)
    other = parse_policy(POLICY.replace('"team"', '"batch"'))
    court = Court(PLAIN)
    number = 0
    for policy in (PLAIN, CLUSTERED, other, CLUSTERED, PLAIN):
        court.former, court.policy = (*court.former, court.policy), policy
        court.model, court.layout = policy.models[0], layout_of(policy.models[0])
        court.restart()
        for _ in range(9):  # so that the policy changes inside a window
            court.close_pane(number, court.draw(rng, 0.7, 0.7, correlation=0.1))
            number += 1
    assert court.newest(TOTAL_WINDOW).n == number * 400
    assert [result.n for result in court.results if result.window == "1m"] == [2400] * (number // 6)


def test_former_counts_have_no_cluster_and_those_of_another_cluster_neither() -> None:
    plain, clustered = PLAIN.models[0], CLUSTERED.models[0]
    other = msgspec.structs.replace(clustered, cluster="batch")
    layout = pane_layout_of(clustered)
    code, bucket = layout_of(plain).code_of((0, 1)), layout.code_of((0, 1, 9))
    unknown = layout.code_of((0, 1, UNKNOWN_BUCKET))
    for old, new, before, after in (
        (plain, clustered, code, unknown),
        (clustered, plain, bucket, code),
        (clustered, other, bucket, unknown),
    ):
        mapping = mapping_between(old, new)
        assert mapping is not None
        assert mapping.map_cells({before: [3]}) == {after: [3]}
        assert mapping_between(old, new, is_summed=True) is None
    assert mapping_between(clustered, clustered) is None
