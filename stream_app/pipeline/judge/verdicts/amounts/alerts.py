"""Alerts about means: the record of alerts about decisions, with amounts instead of rates."""

from __future__ import annotations

import msgspec

from stream_app.core.groups.counts import GroupCount
from stream_app.pipeline.judge.observations import Alarm
from stream_app.pipeline.judge.verdicts.alerts import OnsetCounts, PairObservation, Provenance, make_alert
from stream_app.pipeline.judge.verdicts.amounts.comparisons import AmountWindow
from stream_app.pipeline.judge.verdicts.amounts.sentence import SeenOnset, describe_amounts, name_of
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.amounts.values import AlertAmounts, Measured
from stream_app.pipeline.records.results import AND, CROSS
from stream_app.policy import ModelPolicy


def amount_alert(
    model: ModelPolicy, seen: AmountWindow, alarm: Alarm, onset_counts: OnsetCounts, provenance: Provenance
) -> Alert:
    """Describe an alarm or a recovery by the amounts of the time range before it.

    Args:
        model: The policy.
        seen: The amounts of that time range, of the pair of the alarm alone.
        alarm: What changed.
        onset_counts: The time range.
        provenance: By what the alert can be reproduced.
    """
    [pair], [compared] = seen.pairs, seen.compared
    cause, values = seen.cause(pair), seen.values(0)
    difference = values.difference or Measured(None)
    ends_s = alarm.onset_earliest_s, alarm.onset_latest_s
    onset = SeenOnset(alarm.onset_s, ends_s, is_over=not alarm.is_breach)
    sentence = describe_amounts(model, pair, compared, cause, onset)
    observation = PairObservation(
        CROSS.join(pair.attributes),
        AND.join(pair.labels),
        AND.join(pair.reference),
        GroupCount(compared.n, 0),
        GroupCount(compared.n_reference, 0),
        None,
        sentence,
    )
    alert = make_alert(model.name, alarm, observation, onset_counts, provenance)
    amounts = AlertAmounts(
        name=name_of(model),
        mean=compared.mean.value,
        mean_reference=compared.mean_reference.value,
        difference=difference,
        limit=seen.limit,
        cause=cause,
        ratio=msgspec.UNSET if seen.least_ratio is None else values.ratio or Measured(None),
        least_ratio=msgspec.UNSET if seen.least_ratio is None else seen.least_ratio,
    )
    return msgspec.structs.replace(alert, rate=None, disparate_impact_ratio=None, gap=None, amounts=amounts)
