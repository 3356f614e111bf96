"""When the judge of a model makes a checkpoint, and what a journal entry says about it.

A checkpoint is due with the first journal entry of each day of event time, after the policy, the version of FairStream
or the log of a source has changed, and only while every source partition that the topic still has counts under the
policy of the judge: then the open panes of the source partitions are in the same cells as those of the judge.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from stream_app import __version__
from stream_app.core.windows.history import StoredSpan
from stream_app.core.windows.tally_changes import StateKey
from stream_app.pipeline.judge.state import JOURNAL, StoredEntries
from stream_app.pipeline.records.checkpoints import SCHEMA, Checkpoint, CheckpointHead, StateEntries
from stream_app.pipeline.records.journal import JournalEntry

CHECKPOINT: StateKey = ("checkpoint",)

_DAY_S = 86_400
_VERDICT_KINDS = ("window", "total", "period", "tested", "monitor", "scores", "release")
_AS_BYTES = ("monitor", "scores")  # packed by the tests themselves, the same bytes for the same evidence


class StoredSchedule(msgspec.Struct, array_like=True, frozen=True):
    """When the last checkpoint was due.

    Attributes:
        day: Day of event time, days since the epoch; None before the first.
        code_version: Version of FairStream that wrote the state.
        is_pending: Whether one is due and not made yet.
    """

    day: int | None
    code_version: str
    is_pending: bool = False


class CheckpointSchedule:
    """Decides when the judge of a model makes a checkpoint.

    Args:
        stored: Its entries in the changelog topic; empty at the very first start.
        is_moved: Whether the state has just been moved to another policy.
    """

    def __init__(self, stored: StoredEntries, *, is_moved: bool) -> None:
        self._stored = None
        if CHECKPOINT in stored:
            self._stored = msgspec.msgpack.decode(b"".join(stored[CHECKPOINT]), type=StoredSchedule)
        known = StoredSchedule(None, __version__) if self._stored is None else self._stored
        self._day = known.day
        is_other_version = known.code_version != __version__ or (self._stored is None and JOURNAL in stored)
        self.is_pending = known.is_pending or is_moved or is_other_version

    def note_time(self, closed_before_s: int | None) -> None:
        """Look at event time: a new day makes a checkpoint due."""
        if closed_before_s is None or (self._day is not None and closed_before_s // _DAY_S <= self._day):
            return
        self.is_pending |= self._day is not None
        self._day = closed_before_s // _DAY_S

    @property
    def is_changed(self) -> bool:
        """Whether its entry of the state has to be written."""
        return self._present() != self._stored

    def state(self) -> bytes:
        """Return its entry of the state."""
        return msgspec.msgpack.encode(self._present())

    def take_state(self) -> bytes:
        """Return its entry of the state, which is written now."""
        self._stored = self._present()
        return self.state()

    def _present(self) -> StoredSchedule:
        return StoredSchedule(self._day, __version__, self.is_pending)


def checkpoint_after(entry: JournalEntry, entries: StateEntries, closed_before_s: int) -> Checkpoint:
    """Return the checkpoint of a complete state after a journal entry."""
    head = CheckpointHead(
        schema=SCHEMA,
        model=entry.model,
        app_id=entry.app_id,
        number=entry.number,
        policy_hash=entry.policy_hash,
        code_version=__version__,
        closed_before_s=closed_before_s,
        digest=verdict_digest(entries),
    )
    return Checkpoint(head=head, entries=entries)


def verdict_digest(entries: StateEntries) -> str:
    """Return SHA-256, 32 hex digits, of everything in a state on which a later verdict depends.

    Windows, totals, comparison periods, their history, the state of the tests and what was released, whatever the order
    in which cells were counted. What the judge only knows of its source partitions is not part of it: a recomputation,
    which reads the sources itself, has the same digest.

    >>> verdict_digest({("total",): msgspec.msgpack.encode([0, 60, {1: [2], 3: [4]}])}) == verdict_digest(
    ...     {("total",): msgspec.msgpack.encode([0, 60, {3: [4], 1: [2]}]), ("source", "raw", 0): b"?"})
    True
    """
    facts = [
        (list(entry), _canonical_form(str(entry[0]), data))
        for entry, data in sorted(entries.items(), key=lambda item: str(item[0]))
        if entry[0] in _VERDICT_KINDS
    ]
    return hashlib.sha256(msgspec.msgpack.encode(facts)).hexdigest()[:32]


def _canonical_form(kind: str, data: bytes) -> Any:
    if kind in _AS_BYTES:
        return data
    if kind == "tested":
        span = msgspec.msgpack.decode(data, type=StoredSpan)
        return [span.level, span.start_s, span.end_s, _in_order(msgspec.msgpack.decode(span.data))]
    return _in_order(msgspec.msgpack.decode(data))


def _in_order(value: Any) -> Any:
    """Return a decoded value with its maps as lists in the order of their keys."""
    if isinstance(value, dict):
        return [[key, _in_order(each)] for key, each in sorted(value.items())]
    return [_in_order(each) for each in value] if isinstance(value, list) else value
