"""An attacker with everything that was ever shown pins no group of fewer than k people; without the gate many."""

from __future__ import annotations

import msgspec
import pytest

from tests.support.small_streams import SmallStream, changes_of_revisions, leaks, small_model

TWO, THREE = {"20s": 20, "60s": 60}, {"10s": 10, "30s": 30, "60s": 60}


@pytest.mark.parametrize(
    ("windows", "rate", "seed"),
    [(TWO, 25, 31), (TWO, 80, 31), (TWO, 80, 32), (THREE, 40, 31), (THREE, 40, 32)],
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


def test_large_groups_are_shown_as_before() -> None:
    stream = SmallStream(small_model(TWO), 6, 1500, 1, has_unknown=False)
    assert {result.attribute for result in stream.judged() if result.withheld and result.window != "total"} == set()
