"""From the cells of one window of outcomes to one result for each attribute.

Where outcomes are known for favorable decisions only (``is_selective``), rates among all positives or negatives are
not identified: they have the reason ``selective_labels``, and what can be said is the share of good outcomes among the
favorable decisions.

Source: ``stream_app.core.fairness.outcome_rates`` and ``calibration``, which do the arithmetic and name the papers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stream_app import __version__
from stream_app.core.fairness.calibration import ScoreBin, calibrate
from stream_app.core.fairness.outcome_rates import (
    ConfusionCount,
    LabelReason,
    Measurement,
    average_odds_difference,
    equal_opportunity_difference,
    equal_opportunity_ratio,
    failure_rate_difference,
    false_positive_rate,
    false_positive_rate_difference,
    positive_predictive_value,
    predictive_parity_difference,
    true_positive_rate,
    undefined,
)
from stream_app.core.windows.cells import CellLayout
from stream_app.pipeline.judge.verdicts.outcome_sums import OutcomeSums, sum_outcomes
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.layout import AWAITED, EXPIRED
from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.records.outcome_results import BinResult, Measure, OutcomeGroupResult, OutcomeResult
from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.policy import OTHER, UNKNOWN, Attribute, ModelPolicy, declared_outcome

SCHEMA = 2
NO_PROBABILITY = "score_is_no_probability"


def judge_outcomes(
    model: ModelPolicy, layout: CellLayout, cells: Mapping[int, list[int]], context: WindowContext
) -> list[OutcomeResult]:
    """Turn the cells of one window of outcomes into one result for each attribute.

    Args:
        model: Its policy, with an outcome.
        layout: ``outcome_layout_of(model)``.
        cells: Vectors by code.
        context: What is known of the window beside its cells.

    Raises:
        ValueError: the model has no outcome.
    """
    is_selective, span = declared_outcome(model).is_selective, context.span
    results = []
    for attribute, sums in zip(model.attributes, sum_outcomes(model, layout, cells), strict=True):
        groups = _judge_groups(model, attribute, sums, is_total=span.window == TOTAL_WINDOW)
        results.append(
            OutcomeResult(
                schema=SCHEMA,
                model=outcomes_name(model.name),
                attribute=attribute.name,
                window=span.window,
                size_s=span.end_s - span.start_s,
                start_s=span.start_s,
                end_s=span.end_s,
                revision=context.revision,
                reference=attribute.reference or "",
                n=sum(group.n for group in groups),
                is_selective=is_selective,
                groups=groups,
                offsets=context.offsets,
                policy_hash=context.policy_hash,
                code_version=__version__,
            )
        )
    return results


def _judge_groups(
    model: ModelPolicy, attribute: Attribute, sums: Mapping[str, OutcomeSums], *, is_total: bool
) -> tuple[OutcomeGroupResult, ...]:
    reference = sums[attribute.reference or ""].confusion
    return tuple(
        _judge_group(
            model,
            group,
            group_sums,
            None if group in (attribute.reference, UNKNOWN, OTHER) else reference,
            is_total=is_total,
        )
        for group, group_sums in sums.items()
        if group_sums.n or group in attribute.groups
    )


def _judge_group(
    model: ModelPolicy, group: str, sums: OutcomeSums, reference: ConfusionCount | None, *, is_total: bool
) -> OutcomeGroupResult:
    is_selective = declared_outcome(model).is_selective
    count = sums.confusion
    hidden = undefined(LabelReason.SELECTIVE_LABELS) if is_selective else None

    def gap(difference: Callable[[ConfusionCount, ConfusionCount], Measurement]) -> Measure | None:
        return None if reference is None else _measure(difference(count, reference))

    def identified(difference: Callable[[ConfusionCount, ConfusionCount], Measurement]) -> Measure | None:
        return _measure(hidden) if hidden and reference is not None else gap(difference)

    error, reason, bins = _calibrate(model, sums)
    n_awaited = sums.waited(AWAITED, is_selective=is_selective)
    n_with = count.tp + count.fp + (0 if is_selective else count.fn + count.tn)
    return OutcomeGroupResult(
        group=group,
        n=sum(count),
        tp=count.tp,
        fp=count.fp,
        fn=count.fn,
        tn=count.tn,
        favorable_outcome_rate=_measure(positive_predictive_value(count)),
        true_positive_rate=_measure(hidden or true_positive_rate(count), is_rate=True),
        false_positive_rate=_measure(hidden or false_positive_rate(count), is_rate=True),
        equal_opportunity_difference=identified(equal_opportunity_difference),
        equal_opportunity_ratio=identified(equal_opportunity_ratio),
        false_positive_rate_difference=identified(false_positive_rate_difference),
        average_odds_difference=identified(average_odds_difference),
        predictive_parity_difference=gap(predictive_parity_difference),
        failure_rate_difference=gap(failure_rate_difference),
        calibration_error=error,
        calibration_reason=reason,
        bins=bins,
        n_awaited=n_awaited,
        n_expired=sums.waited(EXPIRED, is_selective=is_selective),
        without_outcome_ratio=(n_awaited - n_with) / n_awaited if is_total and n_awaited else None,
    )


def _calibrate(model: ModelPolicy, sums: OutcomeSums) -> tuple[float | None, str | None, tuple[BinResult, ...]]:
    """Return the calibration error, why there is none, and the bins."""
    score = model.score
    if score is None:
        return None, None, ()
    scale = score.as_feature.scale
    counted = [sums.bins.get(number, ScoreBin(0, 0, 0)) for number in range(len(score.bins))]
    bins = tuple(
        BinResult(label, bin_.n, bin_.positives, bin_.score_sum / (bin_.n * scale) if bin_.n else None)
        for label, bin_ in zip(score.bins, counted, strict=True)
    )
    if score.minimum < 0 or score.maximum > 1:
        return None, NO_PROBABILITY, bins
    calibration = calibrate(counted, scale)
    return calibration.error, None if calibration.reason is None else calibration.reason.value, bins


def _measure(measured: Measurement, *, is_rate: bool = False) -> Measure:
    reason = None if measured.reason is None else str(measured.reason)
    n_reference = None if is_rate else measured.n_reference
    if measured.value is None:
        return Measure(None, None, None, measured.n, n_reference, reason)
    return Measure(measured.value, measured.interval.lower, measured.interval.upper, measured.n, n_reference, reason)
