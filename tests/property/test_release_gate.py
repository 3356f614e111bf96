"""An attacker with everything that was ever shown pins no group of fewer than k people; without the gate many."""

from __future__ import annotations

import msgspec
import pytest

from stream_app.pipeline.disclosure.results import disclose_result
from stream_app.pipeline.records.results import CROSS
from tests.support.small_streams import SmallStream, changes_of_revisions, leaks, small_model

TWO, THREE = {"20s": 20, "60s": 60}, {"10s": 10, "30s": 30, "60s": 60}


@pytest.mark.parametrize(
    ("windows", "rate", "seed"),
    [
        (TWO, 25, 31),
        (TWO, 80, 31),
        (TWO, 80, 32),
        (THREE, 40, 31),
        (THREE, 40, 32),
        (THREE, 40, 106),
        (THREE, 40, 110),
        (THREE, 20, 132),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else str(value),
)
def test_windows_totals_and_intersections_together_pin_nobody(windows: dict[str, int], rate: float, seed: int) -> None:
    stream = SmallStream(small_model(windows), 12, rate, seed)
    results = stream.judged()
    assert leaks(stream, results) == []
    assert leaks(stream, results, with_gate=False)


@pytest.mark.parametrize(("seed", "quiet"), [(11, {5: 35}), (28, {8: 20, 10: 12}), (67, {3: 35})], ids=str)
def test_windows_at_the_bottom_and_the_top_of_three_sizes_pin_nobody(seed: int, quiet: dict[int, float]) -> None:
    """The largest window, minus what the smallest ones of another of the second size show, is a few people."""
    stream = SmallStream(small_model(THREE), 12, 500, seed, quiet=quiet)
    results = stream.judged()
    assert leaks(stream, results) == []
    assert leaks(stream, results, with_gate=False)


def test_the_group_of_the_few_people_of_a_window_does_not_follow() -> None:
    """They are all white; that the other groups are empty is not known, so neither is this."""
    quiet = {11: 0.0, 4: 12.0, 1: 35.0, 7: 35.0}
    stream = SmallStream(small_model(THREE), 12, 60, 5009, has_unknown=False, quiet=quiet)
    assert leaks(stream, stream.judged()) == []


def test_a_few_late_decisions_are_not_the_difference_of_two_revisions() -> None:
    stream = SmallStream(small_model(TWO), 12, 80, 7, n_late=6)
    results = stream.judged()
    assert max(result.revision for result in results) > 0
    assert changes_of_revisions(results, 10) == []
    assert changes_of_revisions(results, 10, with_gate=False)


def test_many_late_decisions_are_published_as_a_revision() -> None:
    stream = SmallStream(small_model({"60s": 60}), 6, 1500, 7, n_late=1500, has_unknown=False)
    revised = [result for result in stream.judged() if result.revision and result.attribute == "gender"]
    assert revised
    assert revised[-1].withheld is msgspec.UNSET


def test_running_totals_read_after_every_pane_pin_nobody() -> None:
    stream = SmallStream(small_model({"60s": 60}), 12, 60, 3)
    results = [result for result in stream.judged() if result.window == "total"]
    assert leaks(stream, results) == []
    assert leaks(stream, results, with_gate=False)


@pytest.mark.parametrize("has_unknown", [True, False])
def test_running_totals_are_shown_before_the_largest_window_has_closed(*, has_unknown: bool) -> None:
    stream = SmallStream(small_model(TWO), 5, 900, 4, has_unknown=has_unknown)
    results = [result for result in stream.judged() if result.window == "total"]
    shown = {(total.end_s, total.attribute): total.groups for total in (disclose_result(one, 10) for one in results)}
    for end_s in (20, 40):  # of the smallest windows
        people = {group.group: group.n for group in shown[end_s, "gender"]}
        assert people == stream.people_until(end_s, "gender")


@pytest.mark.parametrize("quiet", [{0: 8}, {0: 25}, {3: 12}, {3: 12, 7: 12}], ids=str)
@pytest.mark.parametrize("windows", [{"10s": 10, "60s": 60}, {"60s": 60}], ids="-".join)
def test_a_quiet_window_does_not_stop_the_totals_and_pins_nobody(
    windows: dict[str, int], quiet: dict[int, float]
) -> None:
    stream = SmallStream(small_model(windows), 24, 300, 3, has_unknown=False, quiet=quiet)
    results = stream.judged()
    assert leaks(stream, results) == []
    totals = [disclose_result(result, 10) for result in results if result.window == "total"]
    for attribute in ("gender", "race"):
        newest = [total for total in totals if total.attribute == attribute][-1]
        assert newest.end_s == 240
        n = stream.people_until(240, attribute)
        missing = {group.group: n[group.group] - (group.n or 0) for group in newest.groups}
        assert all(0 <= left <= sum(quiet.values()) + 10 for left in missing.values())


def test_running_totals_of_a_stream_that_is_read_late_are_as_of_the_last_closed_window() -> None:
    stream = SmallStream(small_model(TWO), 5, 900, 4)
    [*_, last] = [result for result in stream.judged(flush_every=5) if result.attribute == "gender"]
    total = disclose_result(last, 10)
    assert (total.end_s, {group.group: group.n for group in total.groups}) == (40, stream.people_until(40, "gender"))


def test_large_groups_are_shown_as_before() -> None:
    stream = SmallStream(small_model(TWO), 6, 1500, 1, has_unknown=False)
    assert {result.attribute for result in stream.judged() if result.withheld and result.window != "total"} == set()


@pytest.mark.parametrize(
    ("windows", "rate", "seed", "has_unknown"),
    [({"60s": 60}, 60, 100, True), ({"30s": 30, "60s": 60}, 60, 100, False)],
    ids=("one-size", "two-sizes"),
)
def test_alerts_beside_windows_pin_nobody(
    windows: dict[str, int], rate: float, seed: int, *, has_unknown: bool
) -> None:
    model = small_model(windows, detection={"period_s": 10})
    stream = SmallStream(model, 18, rate, seed, has_unknown=has_unknown, is_unfair=True)
    results = stream.judged()
    assert leaks(stream, results, stream.alerts) == []
    assert leaks(stream, results, [msgspec.structs.replace(alert, is_rounded=msgspec.UNSET) for alert in stream.alerts])


def test_alerts_about_large_groups_keep_their_numbers() -> None:
    model = small_model({"60s": 60}, detection={"period_s": 10})
    stream = SmallStream(model, 9, 900, 1, has_unknown=False, is_unfair=True)
    results = stream.judged()
    assert {alert.attribute for alert in stream.alerts} == {"gender", "race", "gender+race"}
    assert not any(alert.is_rounded for alert in stream.alerts if CROSS not in alert.attribute)
    assert not any(result.withheld for result in results if result.window != "total")


def test_a_restart_changes_neither_alerts_nor_what_windows_show_beside_them() -> None:
    model = small_model({"60s": 60}, detection={"period_s": 10})
    run, restarted = (SmallStream(model, 18, 60, 100, is_unfair=True) for _ in range(2))
    assert run.judged() == restarted.judged(is_restarted=True)
    assert run.alerts == restarted.alerts
    assert {alert.is_rounded for alert in run.alerts} == {True, msgspec.UNSET}
