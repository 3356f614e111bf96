"""The records of ``dead-letters`` and ``late-decisions``: a pointer and a reason, never the payload.

The digest is keyed: only the owner of the key can recognize equal payloads, and nobody can guess a payload from it.
"""

from __future__ import annotations

import msgspec

from stream_app.core.events.reasons import DeadLetterReason


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A record that was rejected, or several records of a batch that cannot be read.

    Attributes:
        model: Model whose policy rejected it.
        reason: Why.
        topic: Topic of the rejected record.
        partition: Its partition.
        offset: Its offset; the first one of several.
        size_bytes: Length of its value; of a batch, the stored length of what was not read.
        digest: First 32 hex digits of the keyed hash of its value; empty when it was not read.
        last_offset: The last offset of several; None for one record.
        n_records: Number of records, as far as their batch states it.
    """

    model: str
    reason: DeadLetterReason
    topic: str
    partition: int
    offset: int
    size_bytes: int
    digest: str
    last_offset: int | None = None
    n_records: int = 1


class LateDecision(msgspec.Struct, frozen=True, kw_only=True):
    """An event whose pane was closed when it came.

    Attributes:
        model: Model of the event.
        topic: Topic of its record.
        partition: Its partition.
        offset: Its offset.
        pane_start_s: The pane in which it would have been counted.
        closed_before_s: Start of the first pane that was open when it came.
    """

    model: str
    topic: str
    partition: int
    offset: int
    pane_start_s: int
    closed_before_s: int
