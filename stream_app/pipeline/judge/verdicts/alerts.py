"""Describes an alarm or a recovery of a sequential test as a record of ``fairness-alerts``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from stream_app import __version__
from stream_app.core.cause.cause import Cause
from stream_app.core.groups.comparison import disparate_impact_ratio, statistical_parity_difference
from stream_app.core.groups.counts import GroupCount, approval_rate
from stream_app.core.groups.subgroups import Subgroup
from stream_app.pipeline.judge.monitors.rules import Alarm
from stream_app.pipeline.judge.verdicts.causes import Explainer
from stream_app.pipeline.judge.verdicts.rows import describe_pair
from stream_app.pipeline.records.alerts import SCHEMA, Alert
from stream_app.pipeline.records.results import AND, CROSS, Offsets
from stream_app.policy import ModelPolicy


class OnsetCounts(NamedTuple):
    """What was counted before an alarm: cells from ``start_s`` to ``end_s``, event time."""

    start_s: int
    end_s: int
    cells: Mapping[int, list[int]]


class Provenance(NamedTuple):
    """By what an alert can be found again."""

    offsets: Offsets
    policy_hash: str


class PairObservation(NamedTuple):
    """What was seen of a pair in the stretch before an alarm.

    Attributes:
        attribute: Name of the attribute.
        group: The group.
        reference: What it is compared with.
        cases: Cases of the group, and favorable ones.
        reference_cases: Those of the reference.
        cause: Why they differ.
        sentence: All of it in words.
    """

    attribute: str
    group: str
    reference: str
    cases: GroupCount
    reference_cases: GroupCount
    cause: Cause | None
    sentence: str


def alert_of(
    model: ModelPolicy, explainer: Explainer, alarm: Alarm, pair: Subgroup, time_range: OnsetCounts, stamp: Provenance
) -> Alert:
    """Describe an alarm or a recovery about decisions by what was counted in the stretch before it.

    Args:
        model: The policy.
        explainer: Of the cells of the stretch.
        alarm: What the test said.
        pair: About whom.
        time_range: What was counted since the onset.
        stamp: By what the alert can be found again.
    """
    count, reference = explainer.counts(pair)
    cause = explainer.explain(pair)
    is_over = not alarm.is_breach
    sentence = describe_pair(model, pair, count, reference, cause, onset_s=alarm.onset_s, is_over=is_over)
    group, other = AND.join(pair.labels), AND.join(pair.reference)
    sight = PairObservation(CROSS.join(pair.attributes), group, other, count, reference, cause, sentence)
    return make_alert(model.name, alarm, sight, time_range, stamp)


def make_alert(name: str, alarm: Alarm, sight: PairObservation, time_range: OnsetCounts, stamp: Provenance) -> Alert:
    """Put an alert together.

    Args:
        name: Name of the model, or of its outcomes.
        alarm: What changed.
        sight: What was seen.
        time_range: Where.
        stamp: By what it can be found again.
    """
    count, reference = sight.cases, sight.reference_cases
    return Alert(
        schema=SCHEMA,
        model=name,
        attribute=sight.attribute,
        group=sight.group,
        reference=sight.reference,
        test=alarm.test,
        change="breach" if alarm.is_breach else "recovery",
        pane_s=alarm.pane_s,
        at_s=time_range.end_s,
        onset_s=alarm.onset_s,
        log10_e=alarm.log10_e,
        log10_threshold=alarm.log10_threshold,
        start_s=time_range.start_s,
        end_s=time_range.end_s,
        n=count.n,
        favorable=count.favorable,
        n_reference=reference.n,
        favorable_reference=reference.favorable,
        rate=approval_rate(count),
        disparate_impact_ratio=disparate_impact_ratio(count, reference),
        gap=statistical_parity_difference(count, reference),
        cause=sight.cause,
        sentence=sight.sentence,
        offsets=stamp.offsets,
        policy_hash=stamp.policy_hash,
        code_version=__version__,
    )
