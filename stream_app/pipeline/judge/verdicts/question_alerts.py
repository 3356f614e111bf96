"""Alerts about outcomes and scores: the record of alerts about decisions, with what the test counts in its place."""

from __future__ import annotations

from stream_app.core.cause.sentence import describe_onset
from stream_app.core.groups.comparison import statistical_parity_difference
from stream_app.core.groups.counts import GroupCount, approval_rate
from stream_app.core.groups.subgroups import Subgroup
from stream_app.core.windows.cells import CellLayout
from stream_app.pipeline.judge.monitors.questions import Question
from stream_app.pipeline.judge.monitors.rules import Alarm
from stream_app.pipeline.judge.monitors.score_drift import DriftAlarm
from stream_app.pipeline.judge.verdicts.alerts import OnsetCounts, PairObservation, Provenance, make_alert
from stream_app.pipeline.judge.verdicts.causes import ExplainedShare, Explainer, labeled
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
    time_range: OnsetCounts,
    stamp: Provenance,
) -> Alert:
    """Describe an alarm or a recovery of a question by what was counted in the stretch before it."""
    rows = labeled(layout, question.cells(layout, time_range.cells))
    asked = ExplainedShare(question.dimension, question.counted, _features_of(model, layout))
    explainer = Explainer(model, layout, rows, asked)
    count, reference = explainer.counts(pair)
    sentence = _tell(
        question, pair, count, reference, describe_onset(alarm.onset_s, is_over=not alarm.is_breach), model.privacy.k
    )
    cause = explainer.explain(pair)
    sight = PairObservation(pair.attributes[0], pair.labels[0], pair.reference[0], count, reference, cause, sentence)
    return make_alert(name, alarm, sight, time_range, stamp)


def drift_alert(
    model: ModelPolicy, layout: CellLayout, drift: DriftAlarm, time_range: OnsetCounts, stamp: Provenance
) -> Alert:
    """Describe scores that have moved by the bin that gave them away."""
    label = dict(layout.dimensions)[SCORE][drift.found.bin]
    pair = Subgroup((drift.attribute,), (drift.group,), (drift.group,))
    rows = labeled(layout, time_range.cells)
    count, _ = Explainer(model, layout, rows, ExplainedShare(SCORE, (label,), ())).counts(pair)
    past = GroupCount(sum(drift.reference), drift.reference[drift.found.bin])
    alarm = Alarm(
        pair=0,
        test=PairTest.SCORE_DRIFT,
        is_breach=True,
        pane_s=drift.found.pane_s,
        onset_s=drift.found.onset_s,
        log10_e=drift.found.log10_e,
        log10_threshold=drift.log10_threshold,
    )
    sentence = _tell_drift(drift, label, count, past, model.privacy.k)
    sight = PairObservation(drift.attribute, drift.group, ITS_OWN_PAST, count, past, None, sentence)
    return make_alert(model.name, alarm, sight, time_range, stamp)


def _tell(question: Question, pair: Subgroup, count: GroupCount, reference: GroupCount, since: str, k: int) -> str:
    what, (group,), (other,) = question.words.capitalize(), pair.labels, pair.reference
    rate, rate_reference = approval_rate(count), approval_rate(reference)
    gap = statistical_parity_difference(count, reference)
    if min(count.n, reference.n) < k or rate is None or rate_reference is None or gap is None:
        return f"{what}: not shown, fewer than {max(k, 1)} cases of {group} or of {other}."
    beyond = f" (beyond {question.limit:g})" if abs(gap) > question.limit else ""
    shares = f"{group} {rate:.3f}, {other} {rate_reference:.3f}, gap {gap:+.3f}{beyond}"
    return f"{what}: {shares}, n = {count.n} and {reference.n}, {since}; statistical, not causal."


def _tell_drift(drift: DriftAlarm, label: str, count: GroupCount, past: GroupCount, k: int) -> str:
    rate, rate_past = approval_rate(count), approval_rate(past)
    way = "more" if drift.found.is_above else "fewer"
    what = f"Scores of {drift.group} have moved: {way} in {label} than in its own past"
    if min(count.n, past.n) < k or rate is None or rate_past is None:
        return f"{what}."
    shares = f"{rate:.3f} instead of {rate_past:.3f}, n = {count.n} and {past.n}"
    return f"{what}, {shares}, {describe_onset(drift.found.onset_s)}."


def _features_of(model: ModelPolicy, layout: CellLayout) -> tuple[Feature, ...]:
    """Return what the vectors of a layout sum up: of outcomes the score alone."""
    counted = model.counted_features
    return counted[len(counted) - layout.n_features :]
