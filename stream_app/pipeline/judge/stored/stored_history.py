"""The history of tested periods as entries of the judge's state: one for each span, written when it changed."""

from __future__ import annotations

import msgspec

from stream_app.core.windows.history import PeriodHistory, StoredSpan
from stream_app.core.windows.tally_changes import StateKey
from stream_app.errors import StateError
from stream_app.pipeline.judge.state import NEW_APP_ID, Changes, StateWriter, StoredEntries

HISTORY = "tested"


def restore_history(stored: StoredEntries) -> PeriodHistory:
    """Put the history together from its entries.

    Raises:
        StateError: an entry cannot be read.
    """
    entries = [b"".join(pieces) for entry, pieces in stored.items() if entry[0] == HISTORY]
    try:
        return PeriodHistory(msgspec.msgpack.decode(data, type=StoredSpan) for data in entries)
    except msgspec.MsgspecError:
        raise StateError("The history of tested periods cannot be read", action=NEW_APP_ID) from None


def history_entries(history: PeriodHistory) -> dict[StateKey, bytes]:
    """Return every span as an entry of the state."""
    return {(HISTORY, span.start_s): msgspec.msgpack.encode(span) for span in history.stored()}


def history_changes(history: PeriodHistory, writer: StateWriter) -> Changes:
    """Return the changed entries of the state since the last call."""
    changes: Changes = []
    for start_s in sorted(history.changed):
        entry: StateKey = (HISTORY, start_s)
        span = history.get(start_s)
        changes += writer.encode(entry, None if span is None else msgspec.msgpack.encode(span))
    history.changed.clear()
    return changes
