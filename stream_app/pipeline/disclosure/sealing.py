"""Seals alerts to the auditors of a policy, and opens them.

Clear are the model, when it happened and whether it is a breach: nothing about a group, a rate or a cause. An alert has
few possible contents, so an unkeyed digest, or an id that names the group, could be inverted by trying all of them. Id
and digest are therefore keyed by the pseudonym key of the time of the alert: workers and replays have it, and give
the same; readers of the topic do not. An auditor who has it, too, can check that what was sealed is what was judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from stream_app.core.privacy.pseudonym import RootKey, derive_key, keyed_hash
from stream_app.core.privacy.sealing import AuditorKey, Sealed, SealError, seal, unseal
from stream_app.errors import KeyFileError
from stream_app.pipeline.records.alerts import (
    AnyAlert,
    ClearAlert,
    SealedAlert,
    decode_alert_record,
    encode_record,
)
from stream_app.policy import ModelPolicy
from stream_app.topics import FAIRNESS_ALERTS

_PURPOSE = "sealed-alert|v1"
_ID_DIGITS, _DIGEST_DIGITS = 12, 32

Entropy = Callable[[int], bytes]


class AlertSealer:
    """Seals alerts.

    Args:
        keys: Root keys of the pseudonyms.
        entropy: Returns a number of random bytes; None where only envelopes are made, as in a replay.

    Raises:
        ValueError: there is no key.
    """

    def __init__(self, keys: Iterable[RootKey], entropy: Entropy | None = None) -> None:
        self._keys = sorted(keys, key=lambda key: key.valid_from_s)
        if not self._keys:
            raise ValueError("No pseudonym key")
        self._entropy = entropy

    def envelope(self, alert: ClearAlert) -> SealedAlert:
        """Return what of a sealed alert is clear; the same in live and replay."""
        hashed = self._hash_at(alert.at_s)
        return SealedAlert(
            id=hashed(b"id|" + alert.id.encode()).hex()[:_ID_DIGITS],
            model=alert.model,
            change=alert.change,
            at_s=alert.at_s,
            policy_hash=alert.policy_hash,
            code_version=alert.code_version,
            digest=hashed(b"digest|" + encode_record(alert)).hex()[:_DIGEST_DIGITS],
        )

    def seal(self, alert: ClearAlert, auditors: Sequence[str]) -> SealedAlert:
        """Seal an alert to auditors."""
        assert self._entropy is not None
        envelope = self.envelope(alert)
        sealed = seal(encode_record(alert), context_of(envelope), auditors, self._entropy)
        return msgspec.structs.replace(envelope, shares=dict(sealed.shares), nonce=sealed.nonce, body=sealed.body)

    def is_authentic(self, sealed: SealedAlert, alert: ClearAlert) -> bool:
        """Return whether an opened alert has the id and the digest that a worker gave it."""
        return self.envelope(alert) == sealed.envelope()

    def _hash_at(self, at_s: int | None) -> Callable[[bytes], bytes]:
        epochs = [key for key in self._keys if key.valid_from_s <= (at_s or 0)] or self._keys[:1]
        return keyed_hash(derive_key(epochs[-1].secret, _PURPOSE))


def sealed_notice(alert: ClearAlert) -> SealedAlert:
    """Return what may be said about a sealed alert without any key: neither id nor digest."""
    return SealedAlert(
        id="",
        model=alert.model,
        change=alert.change,
        at_s=alert.at_s,
        policy_hash=alert.policy_hash,
        code_version=alert.code_version,
        digest="",
    )


def context_of(sealed: SealedAlert) -> bytes:
    """Return what a sealed body is bound to: its topic, and every clear field; the id is the key of the record."""
    return msgspec.json.encode([FAIRNESS_ALERTS, msgspec.to_builtins(sealed.envelope())])


def open_alert(sealed: SealedAlert, keys: Iterable[AuditorKey]) -> ClearAlert:
    """Open a sealed alert with one of an auditor's keys.

    Raises:
        SealError: none of the keys opens it: it is sealed to others, was moved to another alert, or was changed.
    """
    content = Sealed(sealed.shares, sealed.nonce, sealed.body)
    for key in (key for key in keys if key.kid in sealed.shares):
        try:
            alert = decode_alert_record(unseal(content, context_of(sealed), key))
        except (SealError, msgspec.MsgspecError):
            continue
        if not isinstance(alert, SealedAlert) and alert.model == sealed.model:
            return alert
    raise SealError("It cannot be opened with these keys")


def published_alert(
    alert: ClearAlert, model: ModelPolicy, sealer: AlertSealer | None, *, is_replayed: bool = False
) -> AnyAlert:
    """Return the record of an alert; its id is the key.

    Args:
        alert: The alert.
        model: The policy under which it was made.
        sealer: Seals it where the policy says so.
        is_replayed: Whether the record is compared, not written: then it is the envelope alone.

    Raises:
        KeyFileError: it must be sealed, and there is no pseudonym key.
    """
    if model.sealing is None:
        return alert
    if sealer is None:
        raise KeyFileError(
            f"The alerts of model {model.name!r} are sealed", action="Give access to the pseudonym keys (--state-dir)"
        )
    return sealer.envelope(alert) if is_replayed else sealer.seal(alert, model.sealing.auditors)
