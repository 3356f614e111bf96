"""Alerts about outcomes and scores: the record of alerts about decisions, with the counts that the test is about."""

from __future__ import annotations

from stream_app.core.cause.sentence import FOR_EVERY_ALLOCATION, describe_difference, describe_onset
from stream_app.core.groups.comparison import statistical_parity_difference
from stream_app.core.groups.counts import GroupCount, approval_rate
from stream_app.core.groups.subgroups import Subgroup
from stream_app.core.windows.cells import CellLayout
from stream_app.pipeline.judge.observations import Alarm, DriftAlarm
from stream_app.pipeline.judge.questions import Question
from stream_app.pipeline.judge.verdicts.alerts import OnsetCounts, PairObservation, Provenance, make_alert
from stream_app.pipeline.judge.verdicts.causes import ExplainedShare, Explainer, label_cells
from stream_app.pipeline.layout import SCORE
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.evidence import PairTest
from stream_app.policy import Feature, ModelPolicy

ITS_OWN_PAST = "its own past"


def alert_about(
    question: Question,
    name: str,
    model: ModelPolicy,
    layout: CellLayout,
    alarm: Alarm,
    pair: Subgroup,
    onset_counts: OnsetCounts,
    provenance: Provenance,
) -> Alert:
    """Describe an alarm or a recovery of a question by what was counted in the time range before it."""
    rows = label_cells(layout, question.cells(layout, onset_counts.cells))
    share = ExplainedShare(question.dimension, question.counted, _features_of(model, layout))
    explainer = Explainer(model, layout, rows, share)
    count, reference = explainer.counts(pair)
    ends_s = alarm.onset_earliest_s, alarm.onset_latest_s
    onset = describe_onset(alarm.onset_s, ends_s, is_over=not alarm.is_breach)
    unknown_groups = model.detection.unknown_groups
    if unknown_groups == "worst_case":
        onset = f"{onset}; {FOR_EVERY_ALLOCATION}"
    sentence = _describe_question(question, pair, count, reference, onset, model.privacy.k)
    cause = explainer.explain(pair)
    group, other = pair.labels[0], pair.reference[0]
    attribute = pair.attributes[0]
    observation = PairObservation(attribute, group, other, count, reference, cause, sentence, unknown_groups)
    return make_alert(name, alarm, observation, onset_counts, provenance)


def drift_alert(
    model: ModelPolicy, layout: CellLayout, alarm: DriftAlarm, onset_counts: OnsetCounts, provenance: Provenance
) -> Alert:
    """Describe scores that have moved by the bin that showed it."""
    drift = alarm.drift
    label = dict(layout.dimensions)[SCORE][drift.bin]
    pair = Subgroup((alarm.attribute,), (alarm.group,), (alarm.group,))
    rows = label_cells(layout, onset_counts.cells)
    count, _ = Explainer(model, layout, rows, ExplainedShare(SCORE, (label,), ())).counts(pair)
    past = GroupCount(sum(alarm.reference), alarm.reference[drift.bin])
    breach = Alarm(
        pair=0,
        test=PairTest.SCORE_DRIFT,
        is_breach=True,
        pane_s=drift.pane_s,
        onset_s=drift.onset_s,
        onset_earliest_s=None,
        onset_latest_s=None,
        log10_e=drift.log10_e,
        log10_threshold=alarm.log10_threshold,
    )
    sentence = _describe_drift(alarm, label, count, past, model.privacy.k)
    observation = PairObservation(alarm.attribute, alarm.group, ITS_OWN_PAST, count, past, None, sentence)
    return make_alert(model.name, breach, observation, onset_counts, provenance)


def _describe_question(
    question: Question, pair: Subgroup, count: GroupCount, reference: GroupCount, onset: str, k: int
) -> str:
    what, (group,), (other,) = question.words.capitalize(), pair.labels, pair.reference
    rate, rate_reference = approval_rate(count), approval_rate(reference)
    gap = statistical_parity_difference(count, reference)
    if min(count.n, reference.n) < k or rate is None or rate_reference is None or gap is None:
        return f"{what}: not shown, fewer than {max(k, 1)} cases of {group} or of {other}."
    difference = describe_difference(gap, question.limit)
    shares = f"{group} {rate:.1%} vs. {other} {rate_reference:.1%}, rate difference {difference}"
    return f"{what}: {shares}, n = {count.n} and {reference.n}, {onset}; statistical, not causal."


def _describe_drift(alarm: DriftAlarm, label: str, count: GroupCount, past: GroupCount, k: int) -> str:
    rate, rate_past = approval_rate(count), approval_rate(past)
    way = "more" if alarm.drift.is_above else "fewer"
    what = f"Scores of {alarm.group} have drifted: {way} in {label} than in its own past"
    if min(count.n, past.n) < k or rate is None or rate_past is None:
        return f"{what}."
    shares = f"{rate:.1%} instead of {rate_past:.1%}, n = {count.n} and {past.n}"
    return f"{what}, {shares}, {describe_onset(alarm.drift.onset_s)}."


def _features_of(model: ModelPolicy, layout: CellLayout) -> tuple[Feature, ...]:
    """Return what the vectors of a layout sum up: of outcomes the score alone."""
    counted = model.counted_features
    return counted[len(counted) - layout.n_features :]
