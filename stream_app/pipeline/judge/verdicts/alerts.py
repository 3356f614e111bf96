"""Describes an alarm or a recovery of a sequential test as a record of ``fairness-alerts``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from stream_app import __version__
from stream_app.core.cause.cause import Cause
from stream_app.core.groups.comparison import disparate_impact_ratio, statistical_parity_difference
from stream_app.core.groups.counts import GroupCount, approval_rate
from stream_app.core.groups.subgroups import Subgroup
from stream_app.pipeline.judge.observations import Alarm
from stream_app.pipeline.judge.verdicts.causes import Explainer
from stream_app.pipeline.judge.verdicts.rows import describe_pair
from stream_app.pipeline.records.alerts import SCHEMA, Alert
from stream_app.pipeline.records.results import AND, CROSS, Offsets
from stream_app.policy import ModelPolicy


class OnsetCounts(NamedTuple):
    """What was counted before an alarm: cells from ``start_s`` to ``end_s``, event time.

    Attributes:
        start_s: Start of the time range.
        end_s: Its end.
        cells: Its counts.
        at_s: End of the comparison period with the alarm; None where the time range ends with it.
        is_rounded: Whether readers see rounded numbers only.
    """

    start_s: int
    end_s: int
    cells: Mapping[int, list[int]]
    at_s: int | None = None
    is_rounded: bool = False


class Provenance(NamedTuple):
    """By what an alert can be reproduced: offsets of the sources, and the policy."""

    offsets: Offsets
    policy_hash: str


class PairObservation(NamedTuple):
    """A pair in the time range before an alarm.

    Attributes:
        attribute: Name of the attribute.
        group: The group.
        reference: What it is compared with.
        cases: Cases of the group, and favorable ones.
        reference_cases: Those of the reference.
        cause: Why they differ.
        sentence: All of it in words.
        unknown_groups: How decisions of unknown groups counted for the test.
    """

    attribute: str
    group: str
    reference: str
    cases: GroupCount
    reference_cases: GroupCount
    cause: Cause | None
    sentence: str
    unknown_groups: Literal["excluded", "worst_case"] = "excluded"


def alert_of(
    model: ModelPolicy,
    explainer: Explainer,
    alarm: Alarm,
    pair: Subgroup,
    onset_counts: OnsetCounts,
    provenance: Provenance,
) -> Alert:
    """Describe an alarm or a recovery about decisions by what was counted in the time range before it.

    Args:
        model: The policy.
        explainer: Of the cells of that time range.
        alarm: What changed.
        pair: About whom.
        onset_counts: What was counted since the onset.
        provenance: By what the alert can be reproduced.
    """
    count, reference = explainer.counts(pair)
    cause = explainer.explain(pair)
    is_over = not alarm.is_breach
    ends_s = alarm.onset_earliest_s, alarm.onset_latest_s
    sentence = describe_pair(
        model, pair, count, reference, cause, onset_s=alarm.onset_s, onset_ends_s=ends_s, is_over=is_over
    )
    group, other = AND.join(pair.labels), AND.join(pair.reference)
    attribute, unknown_groups = CROSS.join(pair.attributes), model.detection.unknown_groups
    observation = PairObservation(attribute, group, other, count, reference, cause, sentence, unknown_groups)
    return make_alert(model.name, alarm, observation, onset_counts, provenance)


def make_alert(
    name: str, alarm: Alarm, observation: PairObservation, onset_counts: OnsetCounts, provenance: Provenance
) -> Alert:
    """Put an alert together.

    Args:
        name: Name of the model, or of its outcomes.
        alarm: What changed.
        observation: The pair since the onset.
        onset_counts: The time range of the observation.
        provenance: By what the alert can be reproduced.
    """
    count, reference = observation.cases, observation.reference_cases
    return Alert(
        schema=SCHEMA,
        model=name,
        attribute=observation.attribute,
        group=observation.group,
        reference=observation.reference,
        test=alarm.test,
        change="breach" if alarm.is_breach else "recovery",
        pane_s=alarm.pane_s,
        at_s=onset_counts.end_s if onset_counts.at_s is None else onset_counts.at_s,
        onset_s=alarm.onset_s,
        log10_e=alarm.log10_e,
        log10_threshold=alarm.log10_threshold,
        start_s=onset_counts.start_s,
        end_s=onset_counts.end_s,
        n=count.n,
        favorable=count.favorable,
        n_reference=reference.n,
        favorable_reference=reference.favorable,
        rate=approval_rate(count),
        disparate_impact_ratio=disparate_impact_ratio(count, reference),
        gap=statistical_parity_difference(count, reference),
        cause=observation.cause,
        sentence=observation.sentence,
        offsets=provenance.offsets,
        policy_hash=provenance.policy_hash,
        code_version=__version__,
        onset_earliest_s=alarm.onset_earliest_s,
        onset_latest_s=alarm.onset_latest_s,
        unknown_groups=observation.unknown_groups,
        is_rounded=onset_counts.is_rounded or msgspec.UNSET,
    )
