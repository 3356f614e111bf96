"""From the cells of one window of outcomes to one result for each attribute: were decisions right for every group?

The window holds the outcomes that came in it, whenever their decisions were made. *Positive* is a good outcome,
*favourable* a favourable decision. Where outcomes are known for favourable decisions only (``is_selective``), rates
among all positives or negatives are not identified: they have the reason ``selective_labels``, and what can be said is
the share of good outcomes among the favourable decisions.

Source: ``stream_app.core.fairness.labels`` and ``calibration``, which do the arithmetic and name the papers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from stream_app import __version__
from stream_app.core.fairness.calibration import ScoreBin, calibrate
from stream_app.core.fairness.labels import (
    ConfusionCount,
    LabelReason,
    Measured,
    average_odds_difference,
    equal_opportunity_difference,
    failure_rate_difference,
    false_positive_rate,
    false_positive_rate_difference,
    positive_predictive_value,
    predictive_parity_difference,
    true_positive_rate,
    undefined,
)
from stream_app.core.fairness.pairs import State
from stream_app.core.windows.cells import CellLayout
from stream_app.pipeline.evidence import Evidence
from stream_app.pipeline.layout import AWAITED, DECISION, EXPIRED, FAVOURABLE, OUTCOME, OUTCOME_LABELS, SCORE
from stream_app.pipeline.outcomes import outcomes_name
from stream_app.pipeline.results import TOTAL_WINDOW, Offsets, ResultHead, Span
from stream_app.policy import OTHER, UNKNOWN, Attribute, ModelPolicy, declared_outcome

SCHEMA = 1
NO_PROBABILITY = "score_is_no_probability"


class Measure(msgspec.Struct, frozen=True):
    """A rate or a gap.

    Attributes:
        value: None with a reason.
        lower: Lower end of its 95 % interval; None without a value.
        upper: Upper end; None when there is none.
        n: Cases of the group behind it.
        n_reference: Cases of the reference group behind it; None for a rate.
        reason: Why there is no value.
    """

    value: float | None
    lower: float | None
    upper: float | None
    n: int
    n_reference: int | None
    reason: str | None


class BinResult(msgspec.Struct, frozen=True):
    """The outcomes of one group in one bin of scores.

    Attributes:
        bin: Its label.
        n: Outcomes.
        positives: Good ones among them.
        mean_score: Mean score; None without outcomes.
    """

    bin: str
    n: int
    positives: int
    mean_score: float | None


class OutcomeGroupResult(msgspec.Struct, frozen=True, kw_only=True):
    """One group in one window. Gaps are None for the reference group and for undeclared values.

    Attributes:
        group: Its label as the policy spells it, ``unknown`` or ``__other__``.
        n: Outcomes that came.
        tp: Favourable decisions with a good outcome.
        fp: Favourable decisions with a bad outcome.
        fn: Unfavourable decisions with a good outcome.
        tn: Unfavourable decisions with a bad outcome.
        favourable_outcome_rate: Good outcomes among favourable decisions (positive predictive value).
        true_positive_rate: Favourable decisions among good outcomes.
        false_positive_rate: Favourable decisions among bad outcomes.
        equal_opportunity_difference: True positive rate - that of the reference; negative is harm.
        false_positive_rate_difference: False positive rate - that of the reference.
        average_odds_difference: Mean of the two.
        predictive_parity_difference: Favourable outcome rate - that of the reference.
        failure_rate_difference: Bad outcomes among favourable decisions - those of the reference; negative: the group
            had to meet a stricter bar (outcome test).
        calibration_error: Expected calibration error in [0, 1]; None with a reason.
        calibration_reason: Why there is none.
        bins: Outcomes by bin of scores; empty without scores.
        n_awaited: Decisions that began to wait for an outcome; under selective labels favourable ones only.
        n_expired: Such decisions that were given up without one.
        without_outcome_ratio: Of all decisions that ever waited those without an outcome, given up or not, in [0, 1];
            for running totals only, None when there is no such decision.
        state: The worst state of its tests; None for the reference group and for undeclared values.
        evidence: How each sequential test stands; none for those.
    """

    group: str
    n: int
    tp: int
    fp: int
    fn: int
    tn: int
    favourable_outcome_rate: Measure
    true_positive_rate: Measure
    false_positive_rate: Measure
    equal_opportunity_difference: Measure | None
    false_positive_rate_difference: Measure | None
    average_odds_difference: Measure | None
    predictive_parity_difference: Measure | None
    failure_rate_difference: Measure | None
    calibration_error: float | None
    calibration_reason: str | None
    bins: tuple[BinResult, ...]
    n_awaited: int
    n_expired: int
    without_outcome_ratio: float | None
    state: State | None = None
    evidence: tuple[Evidence, ...] = ()


class OutcomeResult(ResultHead, frozen=True, kw_only=True):
    """One attribute of the outcomes of one model in one window.

    Attributes:
        n: Outcomes of all groups.
        is_selective: Whether outcomes are known for favourable decisions only.
        state: The worst state of its pairs.
        groups: Declared groups in the order of the policy, then ``unknown`` and ``__other__`` if they occur.
        offsets: By labels log and partition the offset below which every record is counted.
        policy_hash: Hash of the policy that was applied.
        code_version: Version of FairStream.
    """

    n: int
    is_selective: bool
    state: State = State.INSUFFICIENT
    groups: tuple[OutcomeGroupResult, ...]
    offsets: Offsets
    policy_hash: str
    code_version: str


@dataclass(slots=True)
class _Sums:
    """What the cells of one group add up to."""

    n: dict[tuple[bool, str], int] = field(default_factory=dict)  # by favourable decision, outcome
    bins: dict[int, ScoreBin] = field(default_factory=dict)

    def of(self, outcome: str, *, is_favourable: bool) -> int:
        return self.n.get((is_favourable, outcome), 0)

    def add(self, outcome: str, bin_: int, vector: list[int], *, is_favourable: bool) -> None:
        self.n[is_favourable, outcome] = self.of(outcome, is_favourable=is_favourable) + vector[0]
        if bin_ >= 0 and outcome not in (AWAITED, EXPIRED):
            n, positives, score_sum = self.bins.get(bin_, ScoreBin(0, 0, 0))
            good = vector[0] if outcome == FAVOURABLE else 0
            self.bins[bin_] = ScoreBin(n + vector[0], positives + good, score_sum + vector[2])

    @property
    def confusion(self) -> ConfusionCount:
        right, wrong = OUTCOME_LABELS[:2]
        return ConfusionCount(
            tp=self.of(right, is_favourable=True),
            fp=self.of(wrong, is_favourable=True),
            fn=self.of(right, is_favourable=False),
            tn=self.of(wrong, is_favourable=False),
        )

    def waited(self, outcome: str, *, is_selective: bool) -> int:
        denied = 0 if is_selective else self.of(outcome, is_favourable=False)
        return self.of(outcome, is_favourable=True) + denied


def judge_outcomes(
    model: ModelPolicy,
    layout: CellLayout,
    cells: Mapping[int, list[int]],
    span: Span,
    *,
    revision: int,
    offsets: Offsets,
    policy_hash: str,
) -> list[OutcomeResult]:
    """Turn the cells of one window of outcomes into one result for each attribute.

    Args:
        model: Its policy, with an outcome.
        layout: ``outcome_layout_of(model)``.
        cells: Vectors by code.
        span: The window.
        revision: How often it was corrected.
        offsets: What is counted.
        policy_hash: Hash of the whole policy.

    Raises:
        ValueError: the model has no outcome.
    """
    is_selective = declared_outcome(model).is_selective
    results = []
    for attribute, sums in zip(model.attributes, _sum_groups(model, layout, cells), strict=True):
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
                revision=revision,
                reference=attribute.reference or "",
                n=sum(group.n for group in groups),
                is_selective=is_selective,
                groups=groups,
                offsets=offsets,
                policy_hash=policy_hash,
                code_version=__version__,
            )
        )
    return results


def _sum_groups(model: ModelPolicy, layout: CellLayout, cells: Mapping[int, list[int]]) -> list[dict[str, _Sums]]:
    """Add the cells up by group, for each attribute."""
    places = [layout.position_of(attribute.name) for attribute in model.attributes]
    decision, outcome = layout.position_of(DECISION), layout.position_of(OUTCOME)
    score = layout.position_of(SCORE) if model.score is not None else None
    favourable = layout.dimensions[decision][1].index(FAVOURABLE)
    labels = [layout.dimensions[place][1] for place in places]
    sums = [{label: _Sums() for label in own} for own in labels]
    for code, vector in cells.items():
        indices = layout.indices_of(code)
        kind, bin_ = OUTCOME_LABELS[indices[outcome]], -1 if score is None else indices[score]
        for own, place, groups in zip(labels, places, sums, strict=True):
            groups[own[indices[place]]].add(kind, bin_, vector, is_favourable=indices[decision] == favourable)
    return sums


def _judge_groups(
    model: ModelPolicy, attribute: Attribute, sums: Mapping[str, _Sums], *, is_total: bool
) -> tuple[OutcomeGroupResult, ...]:
    reference = sums[attribute.reference or ""].confusion
    return tuple(
        _judge_group(
            model,
            group,
            own,
            None if group in (attribute.reference, UNKNOWN, OTHER) else reference,
            is_total=is_total,
        )
        for group, own in sums.items()
        if own.n or group in attribute.groups
    )


def _judge_group(
    model: ModelPolicy, group: str, sums: _Sums, reference: ConfusionCount | None, *, is_total: bool
) -> OutcomeGroupResult:
    is_selective = declared_outcome(model).is_selective
    count = sums.confusion
    hidden = undefined(LabelReason.SELECTIVE_LABELS) if is_selective else None

    def gap(difference: Callable[[ConfusionCount, ConfusionCount], Measured]) -> Measure | None:
        return None if reference is None else _measure(difference(count, reference))

    def identified(difference: Callable[[ConfusionCount, ConfusionCount], Measured]) -> Measure | None:
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
        favourable_outcome_rate=_measure(positive_predictive_value(count)),
        true_positive_rate=_measure(hidden or true_positive_rate(count), is_rate=True),
        false_positive_rate=_measure(hidden or false_positive_rate(count), is_rate=True),
        equal_opportunity_difference=identified(equal_opportunity_difference),
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


def _calibrate(model: ModelPolicy, sums: _Sums) -> tuple[float | None, str | None, tuple[BinResult, ...]]:
    """Return the calibration error, why there is none, and the bins."""
    score = model.score
    if score is None:
        return None, None, ()
    scale = score.as_feature.scale
    found = [sums.bins.get(number, ScoreBin(0, 0, 0)) for number in range(len(score.bins))]
    bins = tuple(
        BinResult(label, own.n, own.positives, own.score_sum / (own.n * scale) if own.n else None)
        for label, own in zip(score.bins, found, strict=True)
    )
    if score.minimum < 0 or score.maximum > 1:
        return None, NO_PROBABILITY, bins
    calibration = calibrate(found, scale)
    return calibration.error, None if calibration.reason is None else calibration.reason.value, bins


def _measure(measured: Measured, *, is_rate: bool = False) -> Measure:
    reason = None if measured.reason is None else str(measured.reason)
    n_reference = None if is_rate else measured.n_reference
    if measured.value is None:
        return Measure(None, None, None, measured.n, n_reference, reason)
    return Measure(measured.value, measured.interval.lower, measured.interval.upper, measured.n, n_reference, reason)
