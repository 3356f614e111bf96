"""The records of ``fairness-alerts``: each alarm and each recovery of a sequential test, once.

Beside them a record says where monitoring was restarted, because a changed policy cost evidence. It is no alarm and no
recovery: a breach that it lists as open stays open until a recovery is reported.

Internal and exact, as the results are; ``stream_app.pipeline.disclosure.alerts`` applies disclosure control where
alerts leave. Where the policy says so, each of them is sealed to auditors (``stream_app.pipeline.disclosure.sealing``).
"""

from __future__ import annotations

import hashlib
from typing import Literal, NamedTuple

import msgspec

from stream_app.core.cause.cause import Cause
from stream_app.core.decoding import JsonDecoder
from stream_app.pipeline.records.amounts.values import AlertAmounts
from stream_app.pipeline.records.codec import JsonCodec
from stream_app.pipeline.records.evidence import PairTest
from stream_app.pipeline.records.results import Offsets, ProxyValues

SCHEMA = 2
RESTART_SCHEMA = 1
SEALED_SCHEMA = 1


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A test of one pair detected a breach, or its recovery.

    The values describe the time range since the onset, from the nearest start of a window on where that is near enough:
    they say what was observed, and overstate a breach a little, since the alarm chose the time range. What is counted
    depends on the test: for ratio and gap decisions and favorable ones among them; for ``tpr`` and ``fpr`` good and bad
    outcomes, and those whose decision was favorable; for ``outcome`` favorable decisions with an outcome, and good
    ones; for ``score`` decisions, and those with a score from the cut on; for ``score_drift`` decisions, and those in
    the bin that has moved; for ``mean`` decisions, whose amounts are in ``amounts``.

    Attributes:
        schema: Version of this format.
        model: Name of the model; of its outcomes, ``<model>/outcomes``.
        attribute: Name of the attribute, or of attributes joined by ``+``.
        group: The group, labels joined by ``&``.
        reference: The group that it is compared with; for ``score_drift`` ``its own past``.
        test: Which test.
        change: ``breach`` or ``recovery``.
        pane_s: Start of the comparison period with which the test changed, event time in seconds since the epoch.
        at_s: End of that pane.
        onset_s: Estimated onset of the new state, event time: start of a comparison period.
        onset_earliest_s: Start of the 99 % interval of the onset, for an abrupt change; None for ``score_drift``.
        onset_latest_s: End of that interval: start of the last comparison period in it.
        log10_e: Evidence with which it changed, log10.
        log10_threshold: Evidence that was needed.
        start_s: Start of the time range that the values describe.
        end_s: Its end.
        n: Cases of the group in that time range: decisions, or what the test counts.
        favorable: Favorable ones among them.
        n_reference: Cases of the reference group.
        favorable_reference: Favorable ones among them.
        rate: Share of favorable ones in the group; None without cases.
        disparate_impact_ratio: Rate / rate of the reference; None where it cannot be formed.
        gap: Rate - rate of the reference.
        cause: Why the groups differ in that time range; None for ``score_drift``.
        sentence: The alert in one sentence.
        offsets: By source topic and partition the offset below which every record was counted.
        policy_hash: Hash of the policy that was applied.
        code_version: Version of FairStream.
        unknown_groups: How decisions of unknown groups counted for the test (``detection.unknown_groups``):
            ``excluded`` or, where it holds for every allocation of them, ``worst_case``. The values are about known
            groups in any case.
        proxy: Where groups are estimated from probabilities of membership, what is known of the values; absent else.
            Numbers of cases are then expected ones, rounded.
        amounts: Of a decision that is an amount, the means that the alert is about; absent else. Rate, ratio, gap and
            cause are then None, and the numbers of favorable cases 0.
        is_rounded: True where readers see rounded numbers only, because exact ones could say something about fewer than
            k people beside the windows that they see; absent else.
    """

    schema: int
    model: str
    attribute: str
    group: str
    reference: str
    test: PairTest
    change: Literal["breach", "recovery"]
    pane_s: int
    at_s: int
    onset_s: int
    log10_e: float
    log10_threshold: float
    start_s: int
    end_s: int
    n: int
    favorable: int
    n_reference: int
    favorable_reference: int
    rate: float | None
    disparate_impact_ratio: float | None
    gap: float | None
    cause: Cause | None
    sentence: str
    offsets: Offsets
    policy_hash: str
    code_version: str
    onset_earliest_s: int | None = None
    onset_latest_s: int | None = None
    unknown_groups: Literal["excluded", "worst_case"] = "excluded"
    proxy: ProxyValues | msgspec.UnsetType = msgspec.UNSET
    amounts: AlertAmounts | msgspec.UnsetType = msgspec.UNSET
    is_rounded: bool | msgspec.UnsetType = msgspec.UNSET

    @property
    def id(self) -> str:
        """Identifies the alert: the same in live and replay, 12 hex digits."""
        name = f"{self.model}|{self.attribute}|{self.group}|{self.test}|{self.change}|{self.pane_s}"
        return hashlib.sha256(name.encode()).hexdigest()[:12]


class NamedTest(NamedTuple):
    """A test, as alerts name it.

    Attributes:
        attribute: Name of the attribute, or of attributes joined by ``+``.
        group: The group, labels joined by ``&``.
        test: Which test.
    """

    attribute: str
    group: str
    test: str


class MonitoringRestart(msgspec.Struct, frozen=True, kw_only=True):
    """The sequential tests of a model continue under another policy, some of them without their evidence.

    Attributes:
        schema: Version of this format.
        model: Name of the model; of its outcomes, ``<model>/outcomes``.
        change: ``restart``.
        at_s: End of the last comparison period that was tested before, event time in seconds since the epoch; None
            before the first.
        former_policy_hash: Hash of the policy before; empty where version 0.2 judged.
        policy_hash: Hash of the policy from now on.
        n_kept: Tests that keep their evidence.
        n_restarted: Tests that start without evidence.
        open_breaches: Breaches that stay open and whose recovery needs evidence from now on.
        ended_breaches: Breaches whose group or question the policy no longer has: they are not tested any more.
        sentence: The event in one sentence.
        offsets: By source topic and partition the offset below which every record was counted.
        code_version: Version of FairStream.
    """

    schema: int = RESTART_SCHEMA
    model: str
    change: Literal["restart"] = "restart"
    at_s: int | None
    former_policy_hash: str
    policy_hash: str
    n_kept: int
    n_restarted: int
    open_breaches: tuple[NamedTest, ...]
    ended_breaches: tuple[NamedTest, ...]
    sentence: str
    offsets: Offsets
    code_version: str

    @property
    def id(self) -> str:
        """Identifies the event: the same in live and replay, 12 hex digits."""
        name = f"{self.model}|restart|{self.former_policy_hash}|{self.policy_hash}|{self.at_s}"
        return hashlib.sha256(name.encode()).hexdigest()[:12]


class SealedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert or a restart that only auditors can read; what it is about is in the body.

    Attributes:
        schema: Version of this format.
        sealed: How it is sealed: ``hpke1`` as in ``stream_app.core.privacy.sealing``.
        id: Identifies it, 12 hex digits: the same in live and replay; a keyed hash, from which nothing follows.
        model: Name of the model; of its outcomes, ``<model>/outcomes``.
        change: ``breach``, ``recovery`` or ``restart``.
        at_s: End of the comparison period with which it came, event time in seconds since the epoch; None for a restart
            before the first.
        policy_hash: Hash of the policy that was applied.
        code_version: Version of FairStream.
        digest: Keyed hash of what is sealed, 32 hex digits: a replay under the same keys gives the same.
        shares: By key id of each auditor the key of the body, sealed to that auditor.
        nonce: Nonce of the body.
        body: The encrypted record.
    """

    schema: int = SEALED_SCHEMA
    sealed: Literal["hpke1"] = "hpke1"
    id: str
    model: str
    change: Literal["breach", "recovery", "restart"]
    at_s: int | None
    policy_hash: str
    code_version: str
    digest: str
    shares: dict[str, bytes] = {}
    nonce: bytes = b""
    body: bytes = b""

    def envelope(self) -> SealedAlert:
        """Return what is the same whenever the same alert is sealed: all but shares, nonce and body."""
        return msgspec.structs.replace(self, shares={}, nonce=b"", body=b"")


ClearAlert = Alert | MonitoringRestart
AnyAlert = Alert | MonitoringRestart | SealedAlert


def decode_alert_record(data: bytes) -> AnyAlert:
    """Decode any record of ``fairness-alerts``.

    Raises:
        msgspec.MsgspecError: the bytes are none of the three.
    """
    if _probe.decode(data).sealed is not msgspec.UNSET:
        return decode_sealed(data)
    try:
        return decode_restart(data)
    except msgspec.ValidationError:
        return decode_alert(data)


class _Probe(msgspec.Struct):
    sealed: str | msgspec.UnsetType = msgspec.UNSET


_probe = JsonDecoder[_Probe](_Probe)
_codec = JsonCodec[Alert](Alert)
encode_alert, decode_alert = _codec.encode, _codec.decode
_restart_codec = JsonCodec[MonitoringRestart](MonitoringRestart)
encode_restart, decode_restart = _restart_codec.encode, _restart_codec.decode
_sealed_codec = JsonCodec[SealedAlert](SealedAlert)
encode_sealed, decode_sealed = _sealed_codec.encode, _sealed_codec.decode


def encode_record(alert: AnyAlert) -> bytes:
    """Encode any record of ``fairness-alerts``."""
    if isinstance(alert, Alert):
        return encode_alert(alert)
    return encode_sealed(alert) if isinstance(alert, SealedAlert) else encode_restart(alert)
