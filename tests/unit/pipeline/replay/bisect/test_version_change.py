"""The version a change began with: found, not blamed without cause, and told without telling of a few people."""

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
    """Return panes of 10 s: for each stage so many with the same counts of the group and of the reference."""
    panes = [(women, men) for n, women, men in stages for _ in range(n)]
    return [(10 * number, dict(women), dict(men)) for number, (women, men) in enumerate(panes)]


def onset_of(panes: Sequence[Pane]) -> Onset:
    onset = find_onset(panes, "gap", K)
    assert onset is not None
    return onset


def explained(*stages: tuple[int, Cells, Cells]) -> tuple[VersionChange, Onset]:
    panes = stream(*stages)
    onset = onset_of(panes)
    found = explain_versions(panes, onset, K)
    assert found.mix + found.rate == pytest.approx(onset.after.gap - onset.before.gap)
    assert sum(own.mix + own.rate for own in found.versions) == pytest.approx(found.mix + found.rate)
    return found, onset


def part(found: VersionChange, version: str) -> VersionPart:
    [own] = [own for own in found.versions if own.version == version]
    return own


def test_a_release_that_is_unfair_from_its_first_pane_on_is_named_with_that_pane() -> None:
    fair, unfair = {"1": (50, 35)}, {"2": (50, 20)}
    found, onset = explained((20, fair, fair), (20, unfair, {"2": (50, 35)}))
    assert onset.pane_s == 200
    assert (found.began_with, part(found, "2").first_pane_s, part(found, "1").first_pane_s) == ("2", 200, 0)
    assert found.mix == pytest.approx(-0.3)
    assert found.rate == 0.0
    assert part(found, "1").before.gap == 0.0
    assert part(found, "2").after.gap == pytest.approx(-0.3)
    assert part(found, "2").before.n is part(found, "1").after.n is None


def test_a_model_that_was_not_released_is_not_blamed() -> None:
    found, _ = explained((20, {"7": (50, 35)}, {"7": (50, 35)}), (20, {"7": (50, 20)}, {"7": (50, 35)}))
    assert found.began_with is None
    assert [own.version for own in found.versions] == ["7"]
    assert found.mix == 0.0
    assert found.rate == pytest.approx(-0.3)


@pytest.mark.parametrize("release", [4, 35])
def test_a_release_long_before_or_after_the_change_is_not_blamed(release: int) -> None:
    def cells(number: int, favorable: int) -> Cells:
        return {"1" if number < release else "2": (50, favorable)}

    panes: list[Pane] = [(10 * n, cells(n, 35 if n < 20 else 20), cells(n, 35)) for n in range(40)]
    onset = onset_of(panes)
    assert onset.earliest_s <= onset.pane_s == 200 <= onset.latest_s
    found = explain_versions(panes, onset, K)
    assert found.began_with is None
    assert abs(found.rate) > abs(found.mix)


def test_of_three_releases_the_one_at_the_onset_is_named() -> None:
    men = [{name: (50, 35)} for name in "123"]
    women: list[Cells] = [{"1": (50, 35)}, {"2": (50, 35)}, {"3": (50, 18)}]
    found, _ = explained(*((15, own, other) for own, other in zip(women, men, strict=True)))
    assert found.began_with == "3"


def test_a_return_to_an_older_version_is_named_with_the_pane_at_which_it_first_decided() -> None:
    fair, unfair = {"2": (50, 35)}, {"1": (50, 15)}
    found, _ = explained(
        (1, {"1": (50, 35)}, {"1": (50, 35)}), (20, fair, fair), (20, unfair, {"1": (50, 35)})
    )  # fmt: skip
    assert (found.began_with, part(found, "1").first_pane_s) == ("1", 0)


def test_a_canary_is_told_with_a_gap_of_its_own_beside_that_of_the_old_version() -> None:
    both_women, both_men = {"1": (160, 112), "2": (40, 4)}, {"1": (160, 112), "2": (40, 28)}
    found, _ = explained((20, {"1": (200, 140)}, {"1": (200, 140)}), (20, both_women, both_men))
    assert found.began_with == "2"
    assert part(found, "1").after.gap == 0.0
    assert part(found, "2").after.gap == pytest.approx(-0.6)
    assert part(found, "2").after.n == 800
    assert found.rate == 0.0  # version 1 decides as before


def test_traffic_that_is_split_in_fixed_shares_is_no_change_of_version() -> None:
    rng = np.random.default_rng(3)

    def pane(number: int) -> Pane:
        def cells(rate: float) -> Segments:
            ns = rng.multinomial(100, [0.7, 0.3])
            return {str(v): (int(n), int(rng.binomial(n, rate))) for v, n in enumerate(ns)}

        return 10 * number, cells(0.7 if number < 30 else 0.4), cells(0.7)

    panes = [pane(number) for number in range(60)]
    assert explain_versions(panes, onset_of(panes), K).began_with is None


def test_versions_with_fewer_than_k_decisions_are_neither_named_nor_found_by_subtraction() -> None:
    panes = stream((20, {"1": (50, 35)}, {"1": (50, 35)}), (20, {"2": (50, 20)}, {"2": (50, 35)}))
    panes[3][1]["9"] = (4, 0)
    panes[30][1]["8"], panes[31][1]["7"] = (6, 6), (5, 0)
    onset = onset_of(panes)
    found = explain_versions(panes, onset, K)
    assert {own.version for own in found.versions} == {"1", "2", "__other__"}
    assert part(found, "1").before.n == onset.before.n  # the 4 are with the greatest: together they are too few
    assert part(found, "__other__").after.n == 11
    assert part(found, "__other__").after.n_reference is None
    assert part(found, "__other__").after.gap is part(found, "__other__").first_pane_s is None
    assert sum(own.after.n or 0 for own in found.versions) == onset.after.n
    assert found.mix + found.rate == pytest.approx(onset.after.gap - onset.before.gap)


def test_a_version_that_decides_about_one_group_only_has_no_gap() -> None:
    found, _ = explained((20, {"1": (50, 35)}, {"1": (50, 35)}), (20, {"2": (50, 20)}, {"1": (50, 35)}))
    assert found.began_with == "2"
    after = part(found, "2").after
    assert (after.n, after.n_reference, after.gap) == (1000, None, None)
    assert part(found, "1").after.n is None


def test_a_new_version_below_k_is_not_named() -> None:
    panes = stream((20, {"1": (50, 35)}, {"1": (50, 35)}), (1, {"1": (50, 5), "2": (9, 0)}, {"1": (50, 35)}))
    panes[-1] = (panes[-1][0], panes[-1][1], {"1": (50, 35)})
    found = explain_versions(panes, onset_of(panes), K)
    assert found.began_with is None
    assert [own.version for own in found.versions] == ["1"]


def test_a_rollout_over_most_of_the_stretch_shows_in_shares_and_parts_alone() -> None:
    def pane(number: int) -> Pane:
        n_new = 2 * number
        women = {"1": (200 - n_new, round(0.7 * (200 - n_new))), "2": (n_new, round(0.3 * n_new))}
        men = {"1": (200 - n_new, round(0.7 * (200 - n_new))), "2": (n_new, round(0.7 * n_new))}
        return 10 * number, women, men

    panes = [pane(number) for number in range(101)]
    onset = onset_of(panes)
    found = explain_versions(panes, onset, K)
    before, after = part(found, "2").before, part(found, "2").after
    assert before.n is not None
    assert after.n is not None
    assert Fraction(before.n, onset.before.n) < Fraction(1, 3) < Fraction(2, 3) < Fraction(after.n, onset.after.n)
    assert found.mix == pytest.approx(onset.after.gap - onset.before.gap, abs=0.02)


@pytest.mark.parametrize(("per_pane", "drop"), [(5, 0.2), (20, 0.1), (100, 0.05)])
def test_the_stretch_of_the_onset_holds_a_step_as_often_as_it_says(per_pane: int, drop: float) -> None:
    """99 % of 200 runs: 190 or fewer hits have a probability below 1e-4."""
    rng = np.random.default_rng(17)
    n_hits = 0
    for _ in range(200):
        rates = [0.7 if number < 50 else 0.7 - drop for number in range(100)]
        women = [int(rng.binomial(per_pane, rate)) for rate in rates]
        men = [int(rng.binomial(per_pane, 0.7)) for _ in rates]
        panes = [
            (n, {"all": (per_pane, own)}, {"all": (per_pane, other)})
            for n, (own, other) in enumerate(zip(women, men, strict=True))
        ]
        onset = onset_of(panes)
        n_hits += onset.earliest_s <= 50 <= onset.latest_s
    assert n_hits > 190
