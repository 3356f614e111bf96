"""The public keys of auditors, to which a policy seals alerts."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

PREFIX = "fspk1."


def key_bytes(text: str) -> bytes:
    """Return the 32 bytes of a public key as a policy spells it."""
    return urlsafe_b64decode(text.removeprefix(PREFIX) + "=")


def key_text(public: bytes) -> str:
    """Return a public key of 32 bytes as a policy spells it.

    >>> key_text(bytes(32))[:12]
    'fspk1.AAAAAA'
    """
    return PREFIX + urlsafe_b64encode(public).decode().rstrip("=")


def auditor_key_fault(text: str) -> str | None:
    """Return why nothing may be sealed to a key of the right form; None when it may.

    A key of low order, such as 32 zeros, is none: everybody could open what is sealed to it.

    >>> auditor_key_fault(key_text(bytes(32)))
    'is no public key; print one with: fairstream keys list --sealing'
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import (  # noqa: PLC0415 - few policies need it
        X25519PrivateKey,
        X25519PublicKey,
    )

    public = key_bytes(text)
    try:
        X25519PrivateKey.from_private_bytes(bytes(32)).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        public = b""
    return None if key_text(public) == text else "is no public key; print one with: fairstream keys list --sealing"


def sealing_fault(kind: str, auditors: Sequence[str]) -> str | None:
    """Return why alerts of a kind of model cannot be sealed to these auditors; None when they can."""
    if kind not in ("decisions", "amounts"):
        return f"not allowed for kind {kind!r}, which has no alerts"
    if len({*auditors}) < len(auditors):
        return "an auditor is listed twice"
    faults = ((key, auditor_key_fault(key)) for key in auditors)
    return next((f"{key} {fault}" for key, fault in faults if fault is not None), None)
