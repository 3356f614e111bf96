"""Alerts about estimated groups, live, from a replay and after restarts."""

from __future__ import annotations

import msgspec

from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.records.evidence import PairTest
from stream_app.pipeline.records.results import ProxyValues
from tests.support.estimated_groups import by_minute, decisions, newest, of, policy
from tests.support.feeds import START_S, Run, play, replayed_alerts, without_offsets


def test_a_violation_and_its_end_are_detected_once_each_and_dated(run: Run) -> None:
    breach, recovery = of(run, PairTest.RATIO_LOW)
    assert (breach.change, recovery.change) == ("breach", "recovery")
    assert abs(breach.onset_s - START_S - 1500) <= 60
    assert breach.at_s - START_S - 1500 <= 180
    assert abs(recovery.onset_s - START_S - 3000) <= 60
    assert not of(run, PairTest.RATIO_HIGH)
    assert not of(run, PairTest.GAP_HIGH)


def test_an_alert_says_that_groups_are_estimated_and_what_that_can_hide(run: Run) -> None:
    [breach, _] = of(run, PairTest.RATIO_LOW)
    assert isinstance(breach.proxy, ProxyValues)
    assert breach.proxy.ratio_bounds is not None
    assert breach.proxy.ratio_bounds.lower < (breach.disparate_impact_ratio or 0)
    for part in ("Estimated disparate impact ratio", "nobody's group is known", "looks smaller than it is", "black"):
        assert part in breach.sentence
    shown = disclose_alert(breach, 5)
    assert (shown.proxy, shown.is_hidden) == (breach.proxy, False)
    assert disclose_alert(breach, breach.n + 1).proxy is msgspec.UNSET


def test_a_replay_of_raw_records_says_the_same_as_live(run: Run) -> None:
    assert without_offsets(replayed_alerts(run.pipeline)) == without_offsets(run.alerts)


def test_a_restart_changes_nothing_and_neither_do_partitions() -> None:
    made = decisions(12_000, unfair=range(4_000, 12_000))
    once = play(by_minute(made), policy())
    assert of(once, PairTest.RATIO_LOW)
    restarted = play(by_minute(made), policy(), is_restarted=True)
    assert restarted.alerts == once.alerts
    spread = play(by_minute(made, 3), policy(), n_partitions=3)
    assert without_offsets(spread.alerts) == without_offsets(once.alerts)
    assert newest(spread, "1h").groups == newest(once, "1h").groups
