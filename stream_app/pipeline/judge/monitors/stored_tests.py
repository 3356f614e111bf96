"""The state of sequential tests in the judge's: taken over after a restart, unless the policy changed the tests."""

from __future__ import annotations

import hashlib
from typing import TypeVar

import msgspec
import numpy as np

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


def former_tests(data: bytes, kind: type[Stored]) -> Stored | None:
    """Return what a former version stored; None where the present one did."""
    try:
        return msgspec.msgpack.decode(data, type=kind)
    except msgspec.MsgspecError:
        return None


class _FormerRules(StoredTests, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The tests of rules as version 0.2 stored them."""

    alarms_s: dict[int, int]  # start of the pane with the alarm, by test in breach
    calm: dict[str, bytes]


def former_breaches(data: bytes, n_tests: int) -> dict[int, tuple[int, int]] | None:
    """Return the open breaches in a state of version 0.2, whose evidence this version cannot continue.

    The snapshot ends with three arrays, by test: whether it is in breach, the onset, and whether it ever had a block.

    Returns:
        Start of the pane with the alarm and estimated onset, by test; empty where the state is of other tests. None
        where this version wrote it.
    """
    former = former_tests(data, _FormerRules)
    if former is None:
        return None
    tail = former.bank[-10 * n_tests :]
    rows = np.flatnonzero(np.frombuffer(tail[:n_tests], np.uint8)).tolist()
    if len(tail) != 10 * n_tests or sorted(former.alarms_s) != rows:
        return {}
    onsets_s = np.frombuffer(tail[n_tests : 9 * n_tests], "<i8").tolist()
    return {row: (former.alarms_s[row], onsets_s[row]) for row in rows}


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
