"""The version a change began with: detected, not blamed without cause, and disclosed without exposing a few people."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from stream_app.pipeline.replay.bisect.onset import Onset, Pane, Segments, find_onset
from stream_app.pipeline.replay.bisect.version_change import VersionChange, VersionPart, explain_versions

K = 10
Cells = dict[str, tuple[int, int]]  # decisions and favorable ones by version


def stream(*stages: tuple[int, Cells, Cells]) -> list[Pane]:
    """Return panes of 10 s: for each stage a number of panes with the same counts of the group and of the reference."""
    panes = [(women, men) for n, women, men in stages for _ in range(n)]
    return [(10 * number, dict(women), dict(men)) for number, (women, men) in enumerate(panes)]


def onset_of(panes: Sequence[Pane]) -> Onset:
    onset = find_onset(panes, "gap", K)
    assert onset is not None
    return onset


def explained(*stages: tuple[int, Cells, Cells]) -> tuple[VersionChange, Onset]:
    panes = stream(*stages)
    onset = onset_of(panes)
    change = explain_versions(panes, onset, K)
    assert change.mix + change.rate == pytest.approx(onset.after.gap - onset.before.gap)
    assert sum(entry.mix + entry.rate for entry in change.versions) == pytest.approx(change.mix + change.rate)
    return change, onset


def part(change: VersionChange, version: str) -> VersionPart:
    [entry] = [entry for entry in change.versions if entry.version == version]
    return entry


def test_a_release_that_is_unfair_from_its_first_pane_is_named_with_that_pane() -> None:
    fair, unfair = {"1": (50, 35)}, {"2": (50, 20)}
    change, onset = explained((20, fair, fair), (20, unfair, {"2": (50, 35)}))
    assert onset.pane_s == 200
    assert (change.began_with, part(change, "2").first_pane_s, part(change, "1").first_pane_s) == ("2", 200, 0)
    assert change.mix == pytest.approx(-0.3)
    assert change.rate == 0.0
    assert part(change, "1").before.gap == 0.0
    assert part(change, "2").after.gap == pytest.approx(-0.3)
    assert part(change, "2").before.n is part(change, "1").after.n is None


def test_a_model_that_was_not_released_is_not_blamed() -> None:
    change, _ = explained((20, {"7": (50, 35)}, {"7": (50, 35)}), (20, {"7": (50, 20)}, {"7": (50, 35)}))
    assert change.began_with is None
    assert [entry.version for entry in change.versions] == ["7"]
    assert change.mix == 0.0
    assert change.rate == pytest.approx(-0.3)


@pytest.mark.parametrize("release", [4, 35])
def test_a_release_long_before_or_after_the_change_is_not_blamed(release: int) -> None:
    def cells(number: int, favorable: int) -> Cells:
        return {"1" if number < release else "2": (50, favorable)}

    panes: list[Pane] = [(10 * n, cells(n, 35 if n < 20 else 20), cells(n, 35)) for n in range(40)]
    onset = onset_of(panes)
    assert onset.earliest_s <= onset.pane_s == 200 <= onset.latest_s
    change = explain_versions(panes, onset, K)
    assert change.began_with is None
    assert abs(change.rate) > abs(change.mix)


def test_of_three_releases_the_one_at_the_onset_is_named() -> None:
    men = [{name: (50, 35)} for name in "123"]
    women: list[Cells] = [{"1": (50, 35)}, {"2": (50, 35)}, {"3": (50, 18)}]
    change, _ = explained(*((15, group, reference) for group, reference in zip(women, men, strict=True)))
    assert change.began_with == "3"


def test_a_return_to_an_older_version_is_named_with_the_pane_at_which_it_first_decided() -> None:
    fair, unfair = {"2": (50, 35)}, {"1": (50, 15)}
    change, _ = explained(
        (1, {"1": (50, 35)}, {"1": (50, 35)}), (20, fair, fair), (20, unfair, {"1": (50, 35)})
    )  # fmt: skip
    assert (change.began_with, part(change, "1").first_pane_s) == ("1", 0)


def test_a_canary_has_its_own_gap_next_to_that_of_the_old_version() -> None:
    both_women, both_men = {"1": (160, 112), "2": (40, 4)}, {"1": (160, 112), "2": (40, 28)}
    change, _ = explained((20, {"1": (200, 140)}, {"1": (200, 140)}), (20, both_women, both_men))
    assert change.began_with == "2"
    assert part(change, "1").after.gap == 0.0
    assert part(change, "2").after.gap == pytest.approx(-0.6)
    assert part(change, "2").after.n == 800
    assert change.rate == 0.0  # version 1 decides as before


def test_traffic_that_is_split_in_fixed_shares_is_no_change_of_version() -> None:
    rng = np.random.default_rng(3)

    def pane(number: int) -> Pane:
        def cells(rate: float) -> Segments:
            ns = rng.multinomial(100, [0.7, 0.3])
            return {str(v): (int(n), int(rng.binomial(n, rate))) for v, n in enumerate(ns)}

        return 10 * number, cells(0.7 if number < 30 else 0.4), cells(0.7)

    panes = [pane(number) for number in range(60)]
    assert explain_versions(panes, onset_of(panes), K).began_with is None


def test_versions_with_fewer_than_k_decisions_are_neither_named_nor_computable_by_subtraction() -> None:
    panes = stream((20, {"1": (50, 35)}, {"1": (50, 35)}), (20, {"2": (50, 20)}, {"2": (50, 35)}))
    panes[3][1]["9"] = (4, 0)
    panes[30][1]["8"], panes[31][1]["7"] = (6, 6), (5, 0)
    onset = onset_of(panes)
    change = explain_versions(panes, onset, K)
    assert {entry.version for entry in change.versions} == {"1", "2", "__other__"}
    assert part(change, "1").before.n == onset.before.n  # the 4 are joined to the largest: together they are too few
    assert part(change, "__other__").after.n == 11
    assert part(change, "__other__").after.n_reference is None
    assert part(change, "__other__").after.gap is part(change, "__other__").first_pane_s is None
    assert sum(entry.after.n or 0 for entry in change.versions) == onset.after.n
    assert change.mix + change.rate == pytest.approx(onset.after.gap - onset.before.gap)


def test_a_version_that_decides_about_one_group_only_has_no_gap() -> None:
    change, _ = explained((20, {"1": (50, 35)}, {"1": (50, 35)}), (20, {"2": (50, 20)}, {"1": (50, 35)}))
    assert change.began_with == "2"
    after = part(change, "2").after
    assert (after.n, after.n_reference, after.gap) == (1000, None, None)
    assert part(change, "1").after.n is None


def test_a_new_version_below_k_is_not_named() -> None:
    panes = stream((20, {"1": (50, 35)}, {"1": (50, 35)}), (1, {"1": (50, 5), "2": (9, 0)}, {"1": (50, 35)}))
    panes[-1] = (panes[-1][0], panes[-1][1], {"1": (50, 35)})
    change = explain_versions(panes, onset_of(panes), K)
    assert change.began_with is None
    assert [entry.version for entry in change.versions] == ["1"]


def test_a_rollout_over_most_of_the_range_shows_only_in_shares_and_parts() -> None:
    def pane(number: int) -> Pane:
        n_new = 2 * number
        women = {"1": (200 - n_new, round(0.7 * (200 - n_new))), "2": (n_new, round(0.3 * n_new))}
        men = {"1": (200 - n_new, round(0.7 * (200 - n_new))), "2": (n_new, round(0.7 * n_new))}
        return 10 * number, women, men

    panes = [pane(number) for number in range(101)]
    onset = onset_of(panes)
    change = explain_versions(panes, onset, K)
    before, after = part(change, "2").before, part(change, "2").after
    assert before.n is not None
    assert after.n is not None
    assert Fraction(before.n, onset.before.n) < Fraction(1, 3) < Fraction(2, 3) < Fraction(after.n, onset.after.n)
    assert change.mix == pytest.approx(onset.after.gap - onset.before.gap, abs=0.02)


@pytest.mark.parametrize(("per_pane", "drop"), [(5, 0.2), (20, 0.1), (100, 0.05)])
def test_the_interval_of_the_onset_covers_an_abrupt_change_as_often_as_it_states(per_pane: int, drop: float) -> None:
    """99 % of 200 runs: 190 or fewer hits have a probability below 1e-4."""
    rng = np.random.default_rng(17)
    n_hits = 0
    for _ in range(200):
        rates = [0.7 if number < 50 else 0.7 - drop for number in range(100)]
        women = [int(rng.binomial(per_pane, rate)) for rate in rates]
        men = [int(rng.binomial(per_pane, 0.7)) for _ in rates]
        panes = [
            (n, {"all": (per_pane, woman)}, {"all": (per_pane, man)})
            for n, (woman, man) in enumerate(zip(women, men, strict=True))
        ]
        onset = onset_of(panes)
        n_hits += onset.earliest_s <= 50 <= onset.latest_s
    assert n_hits > 190
