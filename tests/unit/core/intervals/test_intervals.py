"""Intervals against reference values, against statsmodels and at the edges."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from stream_app.core.groups.comparison import Reason
from stream_app.core.groups.counts import GroupCount
from stream_app.core.intervals.interval_ends import koopman_many, wilson_many
from stream_app.core.intervals.intervals import Interval, intervals_of_pairs, koopman, mean_of_gaps, newcombe, wilson
from tests.support.count_tables import EDGE_TABLES, INTERIOR_TABLES
from tests.support.interval_ends import ends
from tests.support.paths import ROOT

GOLDEN: list[dict[str, Any]] = json.loads((ROOT / "tests/data/interval_golden.json").read_text())


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: str(golden["table"]))
def test_intervals_equal_the_reference_values(golden: dict[str, Any]) -> None:
    k_a, n_a, k_b, n_b = golden["table"]
    assert ends(wilson(k_a, n_a)) == pytest.approx(ends(golden["wilson_a"]), abs=1e-6)
    assert ends(wilson(k_b, n_b)) == pytest.approx(ends(golden["wilson_b"]), abs=1e-6)
    assert ends(newcombe(k_a, n_a, k_b, n_b)) == pytest.approx(ends(golden["spd_newcombe"]), abs=1e-6)
    assert ends(koopman(k_a, n_a, k_b, n_b)) == pytest.approx(ends(golden["dir_koopman"]), abs=1e-6)


def test_interior_tables_agree_with_statsmodels() -> None:
    assert len(INTERIOR_TABLES) >= 200
    for k_a, n_a, k_b, n_b in INTERIOR_TABLES:
        gap = confint_proportions_2indep(k_a, n_a, k_b, n_b, compare="diff", method="newcomb")
        ratio = confint_proportions_2indep(k_a, n_a, k_b, n_b, compare="ratio", method="score", correction=False)
        assert ends(wilson(k_a, n_a)) == pytest.approx(proportion_confint(k_a, n_a, method="wilson"), abs=1e-12)
        assert ends(newcombe(k_a, n_a, k_b, n_b)) == pytest.approx(gap, abs=1e-12)
        assert ends(koopman(k_a, n_a, k_b, n_b)) == pytest.approx(ratio, rel=1e-6)  # it stops its search at 1e-6


def test_empty_groups_leave_everything_possible_and_say_which_group_is_empty() -> None:
    assert wilson(0, 0) == Interval(0.0, 1.0, Reason.NO_DECISIONS)
    assert newcombe(0, 0, 5, 10) == Interval(-1.0, 1.0, Reason.NO_DECISIONS)
    assert newcombe(5, 10, 0, 0) == Interval(-1.0, 1.0, Reason.REFERENCE_EMPTY)
    assert koopman(0, 0, 5, 10) == Interval(0.0, None, Reason.NO_DECISIONS)
    assert koopman(5, 10, 0, 0).reason is Reason.REFERENCE_EMPTY
    assert koopman(5, 10, 0, 0)[:2] == (0.0, None)


def test_an_undefined_ratio_has_a_lower_end_no_upper_end_and_a_reason() -> None:
    assert koopman(5, 10, 0, 10)[1:] == (None, Reason.REFERENCE_RATE_ZERO)
    assert koopman(5, 10, 0, 10).lower == pytest.approx(1.631692, abs=1e-6)


def test_ends_are_exact_where_the_rate_is_0_or_1() -> None:
    assert wilson(0, 7).lower == 0.0
    assert wilson(7, 7).upper == 1.0
    assert koopman(0, 7, 3, 7).lower == 0.0
    assert newcombe(0, 10, 10, 10).lower == -1.0


def test_many_pairs_have_the_intervals_of_each_pair_alone() -> None:
    tables = [*EDGE_TABLES, *INTERIOR_TABLES[:100], (0, 0, 0, 0), (0, 0, 3, 5), (3, 5, 0, 0)]
    together = intervals_of_pairs([(GroupCount(n_a, k_a), GroupCount(n_b, k_b)) for k_a, n_a, k_b, n_b in tables])
    for table, (rate, gap, ratio) in zip(tables, together, strict=True):
        alone = (wilson(*table[:2]), newcombe(*table), koopman(*table))
        for one, other in zip((rate, gap, ratio), alone, strict=True):
            assert ends(one) == pytest.approx(ends(other), rel=1e-9, abs=1e-12)
            assert one.reason == other.reason


def test_arrays_broadcast_and_may_have_any_shape() -> None:
    lower, upper = koopman_many([[1], [2]], 10, [3, 4, 5], 10)
    assert lower.shape == upper.shape == (2, 3)
    assert lower[1, 2] == pytest.approx(koopman(2, 10, 5, 10).lower, rel=1e-9)
    assert wilson_many([], [])[0].shape == (0,)
    assert koopman_many([], [], [], [])[1].shape == (0,)


def test_swapping_the_groups_mirrors_the_gap_and_inverts_the_ratio() -> None:
    for k_a, n_a, k_b, n_b in INTERIOR_TABLES[:50]:
        gap, mirrored = newcombe(k_a, n_a, k_b, n_b), newcombe(k_b, n_b, k_a, n_a)
        ratio, inverted = koopman(k_a, n_a, k_b, n_b), koopman(k_b, n_b, k_a, n_a)
        assert gap.upper == pytest.approx(-mirrored.lower, abs=1e-12)
        assert ratio.upper == pytest.approx(1 / inverted.lower, rel=1e-9)


def test_a_higher_level_gives_a_wider_interval() -> None:
    z_999 = 3.2905267314919255
    for interval_of in (newcombe, koopman):
        usual, wide = interval_of(30, 50, 35, 50), interval_of(30, 50, 35, 50, z=z_999)
        assert usual.upper is not None
        assert wide.upper is not None
        assert wide.lower < usual.lower < usual.upper < wide.upper
    assert wilson(30, 50, z=z_999).lower < wilson(30, 50).lower


def test_a_billion_decisions_of_every_kind_have_finite_ends() -> None:
    counts = (0, 1, 10**9 - 1, 10**9)
    for k_a, k_b in itertools.product(counts, counts[1:]):
        lower, upper, reason = koopman(k_a, 10**9, k_b, 10**9)
        assert upper is not None
        assert 0 <= lower <= k_a / k_b <= upper
        assert reason is None


def test_the_mean_of_gaps_wants_both_ends() -> None:
    with pytest.raises(ValueError, match="both ends"):
        mean_of_gaps((0.0, Interval(-1.0, None)), (0.0, Interval(-1.0, 1.0)))
