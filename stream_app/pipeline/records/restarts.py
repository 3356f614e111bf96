"""The records in ``fairness-alerts`` that say that monitoring was restarted: a changed policy cost evidence.

They are no alarms and no recoveries: a breach that is listed as open stays open until a recovery is reported.
"""

from __future__ import annotations

import hashlib
from typing import Literal, NamedTuple

import msgspec

from stream_app.pipeline.records.alerts import Alert, decode_alert
from stream_app.pipeline.records.codec import JsonCodec
from stream_app.pipeline.records.results import Offsets

SCHEMA = 1


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
    """The sequential tests of a model go on under another policy, some of them without their evidence.

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

    schema: int = SCHEMA
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


def decode_alert_record(data: bytes) -> Alert | MonitoringRestart:
    """Decode any record of ``fairness-alerts``.

    Raises:
        msgspec.MsgspecError: the bytes are neither of the two.
    """
    try:
        return decode_restart(data)
    except msgspec.ValidationError:
        return decode_alert(data)


_codec = JsonCodec[MonitoringRestart](MonitoringRestart)
encode_restart, decode_restart = _codec.encode, _codec.decode
