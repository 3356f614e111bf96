"""The state of sequential tests in the judge's: taken over after a restart, unless the policy changed the tests."""

from __future__ import annotations

import hashlib
from typing import TypeVar

import msgspec

from stream_app.core.detection.evidence_bank import EvidenceBank
from stream_app.errors import StateError
from stream_app.pipeline.judge.state import NEW_APP_ID


class StoredTests(msgspec.Struct, array_like=True, frozen=True):
    """What the state of any bank of tests begins with.

    Attributes:
        config: ``config_hash`` of what the tests depend on.
        bank: Snapshot of the bank.
    """

    config: str
    bank: bytes


Stored = TypeVar("Stored", bound=StoredTests)


def config_hash(*facts: object) -> str:
    """Return 16 hex digits that distinguish one configuration of tests from another."""
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()[:16]


def restore_tests(data: bytes, kind: type[Stored], *, config: str, bank: EvidenceBank, name: str) -> Stored | None:
    """Restore a bank of tests and return what was stored beside it; None when the tests differ: they start again.

    Args:
        data: What was stored.
        kind: Its type.
        config: What the tests depend on now.
        bank: Restored in place.
        name: What to call the tests in an error.

    Raises:
        StateError: the state cannot be read.
    """
    try:
        stored = msgspec.msgpack.decode(data, type=kind)
        if stored.config != config:
            return None
        bank.restore(stored.bank)
    except (msgspec.MsgspecError, ValueError):
        raise StateError(f"The state of the {name} cannot be read", action=NEW_APP_ID) from None
    return stored
