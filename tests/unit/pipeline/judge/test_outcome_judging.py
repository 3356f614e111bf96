"""What is said about the outcomes of a window: known numbers, and reasons where nothing can be known."""

from __future__ import annotations

import msgspec
import pytest

from stream_app.core.windows.cells import Cells
from stream_app.pipeline.judge.verdicts.outcomes import NO_PROBABILITY, judge_outcomes
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.layout import outcome_layout_of
from stream_app.pipeline.records.outcome_results import OutcomeGroupResult, OutcomeResult
from stream_app.pipeline.records.results import Span
from stream_app.policy import ModelPolicy, parse_policy
from tests.support.lanes.outcome_lane import MODEL, NOW_S, POLICY

FULL = parse_policy(POLICY.replace("is_selective = true", "is_selective = false")).models[0]
Counts = dict[tuple[str, str, int, str], tuple[int, int]]  # sex, decision, bin, outcome -> n, sum of scores


def cells_of(model: ModelPolicy, counts: Counts) -> Cells:
    layout = outcome_layout_of(model)
    cells: Cells = {}
    for (sex, decision, bin_, outcome), (n, total) in counts.items():
        indices = [
            labels.index(label)
            for (name, labels), label in zip(layout.dimensions, (sex, decision, "", outcome), strict=True)
            if name != "score"
        ]
        indices.insert(2, bin_)
        cells[layout.code_of(indices)] = [n, n, total, 0]
    return cells


def judge(model: ModelPolicy, counts: Counts, window: str = "1m") -> OutcomeResult:
    context = WindowContext(Span(window, NOW_S, NOW_S + 60), 0, {"app-labels-m": {0: 9}}, "h", is_close=True)
    [result] = judge_outcomes(model, outcome_layout_of(model), cells_of(model, counts), context)
    return result


def group(result: OutcomeResult, name: str) -> OutcomeGroupResult:
    return next(own for own in result.groups if own.group == name)


def confusion(sex: str, tp: int, fp: int, fn: int, tn: int) -> Counts:
    kinds = (("favorable", 1, "favorable", tp), ("favorable", 1, "unfavorable", fp),
             ("unfavorable", 0, "favorable", fn), ("unfavorable", 0, "unfavorable", tn))  # fmt: skip
    return {(sex, decision, bin_, outcome): (n, n * 500_000) for decision, bin_, outcome, n in kinds}


# Boston mortgage decisions: black and white applicants, whether their credit history met the guidelines as outcome.
LOANAPP = confusion("f", 127, 6, 17, 47) | confusion("m", 1496, 29, 81, 73)


def test_the_gaps_and_intervals_are_those_of_the_reference() -> None:
    women = group(judge(FULL, LOANAPP), "f")
    assert (women.n, women.tp, women.fp, women.fn, women.tn) == (197, 127, 6, 17, 47)
    for measure, known in (
        (women.equal_opportunity_difference, (-0.066692, -0.130334, -0.022016)),
        (women.false_positive_rate_difference, (-0.171106, -0.282874, -0.033899)),
        (women.average_odds_difference, (-0.118899, -0.183208, -0.046750)),
    ):
        assert measure is not None
        assert (measure.value, measure.lower, measure.upper) == pytest.approx(known, abs=1e-6)
    assert women.true_positive_rate.value == pytest.approx(127 / 144)
    assert women.equal_opportunity_ratio is not None
    assert women.equal_opportunity_ratio.value == pytest.approx((127 / 144) / (1496 / 1577))
    assert women.favorable_outcome_rate.value == pytest.approx(127 / 133)
    assert women.predictive_parity_difference is not None
    assert women.predictive_parity_difference.value == pytest.approx(127 / 133 - 1496 / 1525)


def test_the_reference_and_undeclared_values_have_rates_and_no_gaps() -> None:
    result = judge(FULL, LOANAPP | confusion("unknown", 3, 1, 0, 0))
    assert [own.group for own in result.groups] == ["f", "m", "unknown"]
    for name in ("m", "unknown"):
        own = group(result, name)
        assert own.favorable_outcome_rate.value is not None
        assert own.equal_opportunity_difference is own.failure_rate_difference is None
    assert (result.reference, result.n, result.key) == ("m", 1880, f"m/outcomes|sex|1m|{NOW_S + 60}")


def test_under_selective_labels_only_what_concerns_favorable_decisions_is_reported() -> None:
    women = group(judge(MODEL, LOANAPP), "f")
    for measure in (
        women.true_positive_rate,
        women.false_positive_rate,
        women.equal_opportunity_difference,
        women.equal_opportunity_ratio,
        women.false_positive_rate_difference,
        women.average_odds_difference,
    ):
        assert measure is not None
        assert (measure.value, measure.lower, measure.upper) == (None, None, None)
        assert measure.reason == "selective_labels"
    assert women.favorable_outcome_rate.value == pytest.approx(127 / 133)
    assert women.favorable_outcome_rate.lower is not None
    assert women.failure_rate_difference is not None
    assert women.failure_rate_difference.value == pytest.approx(6 / 133 - 29 / 1525)


def test_a_window_without_outcomes_has_reasons_instead_of_numbers() -> None:
    women = group(judge(FULL, {}), "f")
    assert (women.n, women.favorable_outcome_rate.reason) == (0, "no_outcomes")
    assert (women.calibration_error, women.calibration_reason) == (None, "no_outcomes")
    assert women.equal_opportunity_difference is not None
    assert women.equal_opportunity_difference.reason == "no_outcomes"
    assert women.without_outcome_ratio is None


def test_calibration_compares_good_outcomes_with_mean_scores_bin_by_bin() -> None:
    counts: Counts = {
        ("f", "unfavorable", 0, "favorable"): (2, 200_000),
        ("f", "unfavorable", 0, "unfavorable"): (8, 800_000),
        ("f", "favorable", 1, "favorable"): (30, 27_000_000),
    }
    women = group(judge(FULL, counts), "f")
    assert women.calibration_error == pytest.approx((abs(2 - 1.0) + abs(30 - 27.0)) / 40)
    assert [(own.bin, own.n, own.positives) for own in women.bins] == [("[0,0.5)", 10, 2), ("[0.5,1]", 30, 30)]
    assert [own.mean_score for own in women.bins] == pytest.approx([0.1, 0.9])
    assert group(judge(FULL, counts), "m").bins[0].mean_score is None


def test_a_score_that_is_no_probability_has_bins_and_no_calibration_error() -> None:
    points = parse_policy(
        POLICY.replace(
            "minimum = 0, maximum = 1, edges = [0.5], cut = 0.5", "minimum = 300, maximum = 850, edges = [500]"
        )
    ).models[0]
    women = group(judge(points, LOANAPP), "f")
    assert (women.calibration_error, women.calibration_reason) == (None, NO_PROBABILITY)
    assert [own.n for own in women.bins] == [64, 133]


def test_the_running_totals_say_which_share_of_the_decisions_has_no_outcome() -> None:
    waiting: Counts = {
        ("f", "favorable", 1, "awaited"): (200, 0),
        ("f", "favorable", 1, "expired"): (10, 0),
        ("f", "unfavorable", 0, "awaited"): (100, 0),
    }
    counts = confusion("f", 127, 6, 0, 0) | waiting
    for model, n_awaited in ((MODEL, 200), (FULL, 300)):
        women = group(judge(model, counts, "total"), "f")
        assert (women.n_awaited, women.n_expired, women.n) == (n_awaited, 10, 133)
        assert women.without_outcome_ratio == pytest.approx(1 - 133 / n_awaited)
    assert group(judge(MODEL, counts), "f").without_outcome_ratio is None
    assert group(judge(MODEL, counts, "total"), "m").without_outcome_ratio is None


def test_a_result_can_be_written_as_json_and_read_again() -> None:
    result = judge(FULL, LOANAPP)
    data = msgspec.json.encode(result)
    assert msgspec.json.decode(data, type=OutcomeResult) == result
    assert b"NaN" not in data
    assert b"Infinity" not in data
