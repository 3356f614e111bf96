"""An attacker with everything that was ever shown pins no group of fewer than k people; without the gate many."""

from __future__ import annotations

import msgspec
import pytest

from stream_app.pipeline.disclosure.results import disclose_result
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


def test_running_totals_of_a_stream_that_is_read_late_are_as_of_the_last_closed_window() -> None:
    stream = SmallStream(small_model(TWO), 5, 900, 4)
    [*_, last] = [result for result in stream.judged(flush_every=5) if result.attribute == "gender"]
    total = disclose_result(last, 10)
    assert (total.end_s, {group.group: group.n for group in total.groups}) == (40, stream.people_until(40, "gender"))


def test_large_groups_are_shown_as_before() -> None:
    stream = SmallStream(small_model(TWO), 6, 1500, 1, has_unknown=False)
    assert {result.attribute for result in stream.judged() if result.withheld and result.window != "total"} == set()
