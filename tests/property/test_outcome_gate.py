"""An attacker with everything that outcomes ever showed pins no group of fewer than k people; without the gate many."""

from __future__ import annotations

import msgspec
import pytest

from stream_app.pipeline.disclosure.outcomes import disclose_outcomes
from tests.support.small_outcomes import SmallOutcomes, leaks, outcome_model, people_without_outcome

TWO, THREE = {"20s": 20, "60s": 60}, {"10s": 10, "30s": 30, "60s": 60}


@pytest.mark.parametrize("waiting", [0.5, 0.1])
@pytest.mark.parametrize(
    ("windows", "rate", "seed"),
    [({"60s": 60}, 120, 0), (TWO, 40, 1), (TWO, 120, 2), (THREE, 120, 3)],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else str(value),
)
def test_windows_and_totals_of_outcomes_pin_nobody(
    windows: dict[str, int], rate: float, seed: int, waiting: float
) -> None:
    stream = SmallOutcomes(outcome_model(windows), 12, rate, seed, waiting)
    results = stream.judged()
    assert leaks(stream, results) == []
    assert leaks(stream, results, with_gate=False)


@pytest.mark.parametrize(("windows", "rate"), [({"60s": 60}, 120), (TWO, 120), (THREE, 120), (THREE, 40)])
def test_decisions_minus_outcomes_are_never_few_people(windows: dict[str, int], rate: float) -> None:
    stream = SmallOutcomes(outcome_model(windows), 12, rate, 1, waiting=0.1)
    results = stream.judged()
    assert people_without_outcome(stream, results) == []
    assert people_without_outcome(stream, results, with_gate=False)


@pytest.mark.parametrize(("windows", "rate", "seed"), [(TWO, 60, 117), (THREE, 60, 117), (THREE, 120, 118)])
def test_totals_that_readers_can_compute_do_not_end_where_few_people_have_no_outcome(
    windows: dict[str, int], rate: float, seed: int
) -> None:
    stream = SmallOutcomes(outcome_model(windows), 12, rate, seed, waiting=0.1)
    assert people_without_outcome(stream, stream.judged()) == []


def test_outcomes_of_large_groups_are_shown_as_before() -> None:
    stream = SmallOutcomes(outcome_model(TWO), 12, 3000, 1, has_unknown=False)
    results = stream.judged()
    assert {result.withheld for result in results if result.window != "total"} == {msgspec.UNSET}
    totals = [disclose_outcomes(result, 10) for result in results if result.window == "total"]
    shown = {(total.end_s, group.group): group.n for total in totals for group in total.groups if group.n is not None}
    assert shown == {
        (end_s, gender): stream.count(0, end_s, {"gender": gender})
        for end_s in range(20, 121, 20)
        for gender in ("female", "male")
    }


@pytest.mark.parametrize("quiet", [{0: 8}, {0: 40}, {3: 12}, {0: 14, 7: 30}], ids=str)
def test_a_quiet_window_does_not_stop_the_totals_of_outcomes_and_pins_nobody(quiet: dict[int, float]) -> None:
    stream = SmallOutcomes(outcome_model({"10s": 10, "60s": 60}), 24, 400, 1, 0.3, has_unknown=False, quiet=quiet)
    results = stream.judged()
    assert leaks(stream, results) == people_without_outcome(stream, results) == []
    newest = disclose_outcomes([result for result in results if result.window == "total"][-1], 10)
    assert newest.end_s == 240
    for group in newest.groups:
        n = stream.count(0, 240, {"gender": group.group})
        assert n - 450 <= (group.n or 0) <= n  # without the windows that hide a group
        for rate in (group.favorable_outcome_rate, group.true_positive_rate, group.false_positive_rate):
            assert rate is not None
            assert rate.value is not None


@pytest.mark.parametrize(
    ("rate", "seed", "has_unknown", "quiet"),
    [(60, 5011, False, {10: 0, 4: 0, 7: 20, 6: 35}), (500, 8016, True, {10: 20, 5: 20, 6: 0, 7: 20})],
    ids=("windows", "totals"),
)
def test_the_group_of_the_few_people_of_a_window_does_not_follow(
    rate: float, seed: int, *, has_unknown: bool, quiet: dict[int, float]
) -> None:
    stream = SmallOutcomes(outcome_model(THREE), 12, rate, seed, 0.03, has_unknown=has_unknown, quiet=quiet)
    assert leaks(stream, stream.judged()) == []


def test_totals_of_which_nothing_was_shown_say_so() -> None:
    first = SmallOutcomes(outcome_model({"60s": 60}), 2, 120, 1).judged()[0]
    assert {group.hidden for group in disclose_outcomes(first, 10).groups} == {"not_shown_yet"}


@pytest.mark.parametrize("rate", [40, 120, 900])
def test_a_restart_after_every_pane_changes_no_result(rate: float) -> None:
    stream = SmallOutcomes(outcome_model(THREE), 12, rate, 4, waiting=0.3)
    assert stream.judged(is_restarted=True) == stream.judged()


def test_a_policy_with_the_same_groups_after_every_pane_changes_nothing_that_is_withheld() -> None:
    stream = SmallOutcomes(outcome_model(THREE), 12, 120, 4, waiting=0.3)
    changed = stream.judged(other=outcome_model(THREE, min_n=40))
    assert [(result.key, result.n, result.withheld) for result in changed] == [
        (result.key, result.n, result.withheld) for result in stream.judged()
    ]


def test_outcomes_pin_nobody_where_the_policy_changes_its_groups_after_every_pane() -> None:
    stream = SmallOutcomes(outcome_model(TWO), 12, 120, 1, waiting=0.1)
    results = stream.judged(other=outcome_model(TWO, groups=("male", "female")))
    assert leaks(stream, results) == people_without_outcome(stream, results) == []
