"""The records of ``fairness-alerts``: each alarm and each all-clear of a sequential test, once.

Internal and exact, as the results are; ``stream_app.pipeline.judge.disclosed_alert`` applies disclosure control where
alerts leave.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from stream_app import __version__
from stream_app.core.cause.cause import Cause
from stream_app.core.fairness.counts import GroupCount, approval_rate
from stream_app.core.fairness.pairs import disparate_impact_ratio, statistical_parity_difference
from stream_app.core.fairness.subgroups import Subgroup
from stream_app.pipeline.judge.causes import Explainer
from stream_app.pipeline.judge.evidence import PairTest
from stream_app.pipeline.judge.results import AND, CROSS, Offsets
from stream_app.pipeline.judge.rows import tell_pair
from stream_app.pipeline.judge.rule_watch import Alarm
from stream_app.policy import ModelPolicy

SCHEMA = 1


class Stretch(NamedTuple):
    """What was counted before an alarm: cells from ``start_s`` to ``end_s``, event time."""

    start_s: int
    end_s: int
    cells: Mapping[int, list[int]]


class Stamp(NamedTuple):
    """By what an alert can be found again."""

    offsets: Offsets
    policy_hash: str


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A test of one pair found a breach, or found that it is over.

    The values describe the stretch since the onset, by whole windows from the nearest start on: they say what was seen,
    and overstate a breach a little, since the stretch was chosen by the alarm. What is counted depends on the test: for
    ratio and gap decisions and favourable ones among them; for ``tpr`` and ``fpr`` good and bad outcomes, and those
    whose decision was favourable; for ``outcome`` favourable decisions with an outcome, and good ones; for ``score``
    decisions, and those with a score from the cut on; for ``score_drift`` decisions, and those in the bin that has
    moved.

    Attributes:
        schema: Version of this format.
        model: Name of the model; of its outcomes, ``<model>/outcomes``.
        attribute: Name of the attribute, or of attributes joined by ``+``.
        group: The group, labels joined by ``&``.
        reference: The group that it is compared with; for ``score_drift`` ``its own past``.
        test: Which test.
        change: ``breach`` or ``all_clear``.
        pane_s: Start of the pane with which the test changed, event time in seconds since the epoch.
        at_s: End of that pane.
        onset_s: Likely start of the new state, event time.
        log10_e: Evidence with which it changed, log10.
        log10_threshold: Evidence that was needed.
        start_s: Start of the stretch that the values describe.
        end_s: Its end.
        n: Cases of the group in that stretch: decisions, or what the test counts.
        favourable: Favourable ones among them.
        n_reference: Cases of the reference group.
        favourable_reference: Favourable ones among them.
        rate: Share of favourable ones in the group; None without cases.
        disparate_impact_ratio: Rate / rate of the reference; None where it cannot be formed.
        gap: Rate - rate of the reference.
        cause: Why the groups differ in that stretch; None for ``score_drift``.
        sentence: All of it in one sentence.
        offsets: By source topic and partition the offset below which every record was counted.
        policy_hash: Hash of the policy that was applied.
        code_version: Version of FairStream.
    """

    schema: int
    model: str
    attribute: str
    group: str
    reference: str
    test: PairTest
    change: Literal["breach", "all_clear"]
    pane_s: int
    at_s: int
    onset_s: int
    log10_e: float
    log10_threshold: float
    start_s: int
    end_s: int
    n: int
    favourable: int
    n_reference: int
    favourable_reference: int
    rate: float | None
    disparate_impact_ratio: float | None
    gap: float | None
    cause: Cause | None
    sentence: str
    offsets: Offsets
    policy_hash: str
    code_version: str

    @property
    def id(self) -> str:
        """Names the alert: the same in live and replay, 12 hex digits."""
        name = f"{self.model}|{self.attribute}|{self.group}|{self.test}|{self.change}|{self.pane_s}"
        return hashlib.sha256(name.encode()).hexdigest()[:12]


class Sight(NamedTuple):
    """What was seen of a pair in the stretch before an alarm.

    Attributes:
        attribute: Name of the attribute.
        group: The group.
        reference: What it is compared with.
        cases: Cases of the group, and favourable ones.
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
    model: ModelPolicy, explainer: Explainer, alarm: Alarm, pair: Subgroup, stretch: Stretch, stamp: Stamp
) -> Alert:
    """Describe an alarm or an all-clear about decisions by what was counted in the stretch before it.

    Args:
        model: The policy.
        explainer: Of the cells of the stretch.
        alarm: What the test said.
        pair: About whom.
        stretch: What was counted since the onset.
        stamp: By what the alert can be found again.
    """
    count, reference = explainer.counts(pair)
    cause = explainer.explain(pair)
    is_over = not alarm.is_breach
    sentence = tell_pair(model, pair, count, reference, cause, onset_s=alarm.onset_s, is_over=is_over)
    group, other = AND.join(pair.labels), AND.join(pair.reference)
    sight = Sight(CROSS.join(pair.attributes), group, other, count, reference, cause, sentence)
    return make_alert(model.name, alarm, sight, stretch, stamp)


def make_alert(name: str, alarm: Alarm, sight: Sight, stretch: Stretch, stamp: Stamp) -> Alert:
    """Put an alert together.

    Args:
        name: Name of the model, or of its outcomes.
        alarm: What changed.
        sight: What was seen.
        stretch: Where.
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
        change="breach" if alarm.is_breach else "all_clear",
        pane_s=alarm.pane_s,
        at_s=stretch.end_s,
        onset_s=alarm.onset_s,
        log10_e=alarm.log10_e,
        log10_threshold=alarm.log10_threshold,
        start_s=stretch.start_s,
        end_s=stretch.end_s,
        n=count.n,
        favourable=count.favourable,
        n_reference=reference.n,
        favourable_reference=reference.favourable,
        rate=approval_rate(count),
        disparate_impact_ratio=disparate_impact_ratio(count, reference),
        gap=statistical_parity_difference(count, reference),
        cause=sight.cause,
        sentence=sight.sentence,
        offsets=stamp.offsets,
        policy_hash=stamp.policy_hash,
        code_version=__version__,
    )


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Alert)


def encode_alert(alert: Alert) -> bytes:
    """Encode as JSON."""
    return _encoder.encode(alert)


def decode_alert(data: bytes) -> Alert:
    """Decode what ``encode_alert`` made.

    Raises:
        msgspec.MsgspecError: the bytes are no alert.
    """
    return _decoder.decode(data)
