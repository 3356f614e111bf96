"""The stored form of an alert: disclosed, or, where it is sealed, what is clear of it."""

from __future__ import annotations

from typing import Literal

import msgspec

from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.records.alerts import SealedAlert


class SealedNotice(msgspec.Struct, frozen=True, kw_only=True):
    """What everybody may know of a sealed alert.

    Attributes:
        id: Identifies the alert.
        model: Name of the model, or ``<model>/outcomes``.
        change: ``breach`` or ``recovery``.
        at_s: When the test changed, event time in seconds since the epoch.
        policy_hash: Hash of the policy that was applied.
        code_version: Version of FairStream.
        auditors: Ids of the keys that open it.
    """

    id: str
    model: str
    change: Literal["breach", "recovery"]
    at_s: int
    policy_hash: str
    code_version: str
    auditors: tuple[str, ...]


_clear = msgspec.json.Decoder(DisclosedAlert)
_sealed = msgspec.json.Decoder(SealedNotice)


def notice_of(alert: SealedAlert) -> SealedNotice:
    """Return what is clear of a sealed breach or recovery.

    Raises:
        ValueError: it is neither.
    """
    if alert.change == "restart" or alert.at_s is None:
        raise ValueError("Neither a breach nor a recovery")
    return SealedNotice(
        id=alert.id,
        model=alert.model,
        change=alert.change,
        at_s=alert.at_s,
        policy_hash=alert.policy_hash,
        code_version=alert.code_version,
        auditors=tuple(sorted(alert.shares)),
    )


def encode_body(alert: DisclosedAlert | SealedNotice) -> bytes:
    """Return what a row stores."""
    return msgspec.json.encode(alert)


def decode_alert(body: bytes | memoryview, *, is_sealed: bool) -> DisclosedAlert | SealedNotice:
    """Return the alert that a row stores."""
    return (_sealed if is_sealed else _clear).decode(bytes(body))
