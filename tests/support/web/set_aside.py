"""Rejected and late records, counted as the projection counts them."""

from __future__ import annotations

import msgspec

from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.pipeline.records.dead_letters import DeadLetter, LateDecision
from stream_app.topics import DEAD_LETTERS, LATE_DECISIONS
from stream_app.web_app.history.keeping import SHIPPED, Keeping
from tests.support.web.window_results import MODEL, POLICY, run_of


def letter(reason: Reason = Reason.SCHEMA, *, model: str = MODEL.name, n_records: int = 1) -> bytes:
    """Return a dead letter."""
    return msgspec.json.encode(
        DeadLetter(
            model=model,
            reason=reason,
            topic="raw",
            partition=0,
            offset=1,
            size_bytes=10,
            digest="d" * 32,
            n_records=n_records,
        )
    )


def late(model: str = MODEL.name) -> bytes:
    """Return the notice of a late event."""
    return msgspec.json.encode(
        LateDecision(model=model, topic="raw", partition=0, offset=1, pane_start_s=0, closed_before_s=60)
    )


def store_records(topic: str, *values: bytes, at_s: int, keeping: Keeping = SHIPPED) -> None:
    """Store records at the end of their topic, written at a time."""
    from stream_app.web_app.projection.store import Store, stored_positions  # noqa: PLC0415  # needs Django's settings

    before = stored_positions(topic).get(0)
    start = 0 if before is None else before.next_offset
    Store(POLICY, keeping).apply(topic, before, run_of(values, start, at_s=at_s))


def store_letters(reason: Reason, n: int, *, at_s: int, model: str = MODEL.name) -> None:
    """Store dead letters of one reason."""
    store_records(DEAD_LETTERS, *[letter(reason, model=model)] * n, at_s=at_s)


def store_late(n: int, *, at_s: int, model: str = MODEL.name) -> None:
    """Store notices of late events."""
    store_records(LATE_DECISIONS, *[late(model)] * n, at_s=at_s)
