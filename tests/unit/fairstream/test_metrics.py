"""Metrics, intervals, detectors and explanation at their public boundary: invalid input, exact limits, empty groups."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

import fairstream as fs
from stream_app.core.intervals.interval_ends import Z_95
from stream_app.core.intervals.intervals import koopman, newcombe, wilson
from tests.support.count_tables import EDGE_TABLES, INTERIOR_TABLES

MEN, WOMEN, NOBODY = fs.GroupCount(100, 60), fs.GroupCount(100, 45), fs.GroupCount(0, 0)
IMPOSSIBLE = (fs.GroupCount(3, 5), fs.GroupCount(3, -1), fs.GroupCount(-1, 0))


@pytest.mark.parametrize("count", IMPOSSIBLE)
def test_an_impossible_count_is_a_value_error(count: fs.GroupCount) -> None:
    calls: list[Callable[[], object]] = [
        lambda: fs.approval_rate(count),
        lambda: fs.disparate_impact_ratio(count, MEN),
        lambda: fs.statistical_parity_difference(MEN, count),
        lambda: fs.shortfall(count, MEN),
        lambda: fs.impact_ratios({"a": count}),
        lambda: fs.worst_hit({"a": count, "b": MEN}, "b"),
        lambda: fs.explain({"s": MEN}, {"s": count}),
        lambda: fs.wilson(count.favorable, count.n),
        lambda: fs.koopman(count.favorable, count.n, 1, 2),
        lambda: fs.newcombe(1, 2, count.favorable, count.n),
        lambda: fs.rate_sequence(count.favorable, count.n),
        lambda: fs.gap_sequence(1, 2, count.favorable, count.n),
        lambda: fs.ratio_sequence(count.favorable, count.n, 1, 2),
        lambda: fs.evidence_outside(count.favorable, count.n, 0.1, 0.2),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="favorable"):
            call()


def test_an_empty_group_has_no_value_and_no_error() -> None:
    assert fs.approval_rate(NOBODY) is None
    assert fs.disparate_impact_ratio(NOBODY, MEN) is None
    assert fs.statistical_parity_difference(MEN, NOBODY) is None
    assert (fs.shortfall(NOBODY, MEN), fs.shortfall(MEN, NOBODY)) == (0, None)
    assert fs.impact_ratios({"a": NOBODY}).highest is None
    assert fs.explain({}, {"s": MEN}).driver == "no_decisions"


def test_a_limit_means_the_decimal_number_as_written() -> None:
    group, reference = fs.GroupCount(10, 8), fs.GroupCount(10, 10)
    assert fs.shortfall(group, reference, 0.8) == fs.shortfall(group, reference, Fraction(4, 5)) == 0
    assert fs.shortfall(fs.GroupCount(10, 0), reference, 0.1) == 1  # 0.1 as a binary number is above 1/10
    for limit in (0, 1.01, -0.5):
        with pytest.raises(ValueError, match="min_ratio"):
            fs.shortfall(group, reference, limit)


def test_a_small_group_cannot_be_the_highest_where_a_least_share_is_given() -> None:
    counts = {"tiny": fs.GroupCount(1, 1), "men": MEN, "women": WOMEN}
    assert fs.impact_ratios(counts).highest == "tiny"
    audit = fs.impact_ratios(counts, min_share=0.02)
    assert (audit.highest, audit.left_out, audit.ratios["women"]) == ("men", ("tiny",), 0.75)
    with pytest.raises(ValueError, match="min_share"):
        fs.impact_ratios(counts, min_share=2)


def test_the_group_that_is_hit_worst_has_enough_decisions_and_a_negative_gap() -> None:
    crosses = {("m", "w"): MEN, ("f", "w"): WOMEN, ("f", "b"): fs.GroupCount(100, 30), ("m", "b"): fs.GroupCount(9, 0)}
    assert fs.worst_hit(crosses, ("m", "w")) == ("f", "b")
    assert fs.worst_hit(crosses, ("m", "w"), min_n=1) == ("m", "b")
    assert fs.worst_hit({"m": MEN, "f": MEN}, "m") is None
    assert fs.worst_hit({"m": MEN}, "m") is None
    with pytest.raises(KeyError):
        fs.worst_hit({"m": MEN}, "x")
    with pytest.raises(ValueError, match="min_n"):
        fs.worst_hit({"m": MEN}, "m", min_n=0)


@pytest.mark.parametrize("table", EDGE_TABLES + INTERIOR_TABLES[:20])
def test_intervals_are_those_of_the_results(table: tuple[int, int, int, int]) -> None:
    assert fs.wilson(*table[:2]) == wilson(*table[:2], z=Z_95)
    assert fs.newcombe(*table) == newcombe(*table)
    assert fs.koopman(*table) == koopman(*table)


def test_a_smaller_alpha_makes_every_interval_wider() -> None:
    table = (45, 100, 60, 100)
    for interval in (fs.newcombe, fs.gap_sequence, fs.koopman, fs.ratio_sequence):
        usual, wide = interval(*table), interval(*table, alpha=0.01)
        assert wide.lower < usual.lower
        assert usual.upper is not None
        assert wide.upper is not None
        assert wide.upper > usual.upper
        for alpha in (0, 1, math.nan):
            with pytest.raises(ValueError, match="alpha"):
                interval(*table, alpha=alpha)
    assert fs.wilson(45, 100, alpha=0.01).lower < fs.wilson(45, 100).lower
    assert fs.rate_sequence(45, 100, alpha=0.01).lower < fs.rate_sequence(45, 100).lower


def test_a_negative_count_of_outcomes_is_a_value_error() -> None:
    good, bad = fs.ConfusionCount(1, 2, 3, 4), fs.ConfusionCount(1, -2, 3, 4)
    rates = (fs.true_positive_rate, fs.false_positive_rate, fs.positive_predictive_value, fs.failure_rate)
    for rate in rates:
        assert rate(good).value is not None
        with pytest.raises(ValueError, match="negative"):
            rate(bad)
    differences = (
        fs.equal_opportunity_difference,
        fs.false_positive_rate_difference,
        fs.predictive_parity_difference,
        fs.failure_rate_difference,
        fs.average_odds_difference,
    )
    for difference in differences:
        assert difference(good, good).value == 0
        with pytest.raises(ValueError, match="negative"):
            difference(good, bad)


def test_an_explanation_splits_the_gap_and_ranks_features() -> None:
    women = {"auto": fs.GroupCount(100, 20), "home": fs.GroupCount(300, 180)}
    men = {"auto": fs.GroupCount(200, 120), "home": fs.GroupCount(200, 140)}
    cause = fs.explain(women, men, features={"age": ([30, 40], [30, 40]), "income": ([1.5, 2.5], [3.5, 4.5])})
    assert cause.gap == -0.15
    assert cause.mix is not None
    assert cause.rate is not None
    assert cause.mix + cause.rate == pytest.approx(cause.gap)
    assert [feature.feature for feature in cause.features] == ["income", "age"]
    assert cause.shortfall == fs.shortfall(fs.GroupCount(400, 200), fs.GroupCount(400, 260))
    with pytest.raises(ValueError, match="feature_scale"):
        fs.explain(women, men, feature_scale=0)


def test_evidence_outside_needs_bounds_in_order() -> None:
    evidence = fs.evidence_outside([0, 30], [0, 50], 0.4, 0.4)
    assert evidence[0] == 0
    assert evidence[1] > 1
    for low, high in ((0.5, 0.4), (-0.1, 0.4), (0.5, 1.1)):
        with pytest.raises(ValueError, match="low"):
            fs.evidence_outside(1, 2, low, high)


def test_a_rule_is_read_as_the_command_reads_it() -> None:
    assert fs.parse_rule("dir:0.80") == fs.RateRule(fs.RuleKind.RATIO, 0.8)
    for text in ("dir:1.1", "dir:0", "gap:1", "ratio:0.8", "dir", "dir:x"):
        with pytest.raises(fs.ConfigError, match="Invalid rule"):
            fs.parse_rule(text)


def test_a_bank_of_the_public_api_continues_from_its_snapshot() -> None:
    banks = [fs.DetectorBank([fs.parse_rule("gap:0.1")], fs.log_thresholds(0.1, [1.0])) for _ in range(2)]
    panes = np.array([[[[15, 50, 35, 50]]]] * 30)
    for minute in range(4):
        banks[0].update(60 * minute, panes[minute])
    banks[1].restore(banks[0].snapshot())
    for minute in range(4, 30):
        assert banks[0].update(60 * minute, panes[minute]) == banks[1].update(60 * minute, panes[minute])
    assert banks[1].is_breach.tolist() == [True]
