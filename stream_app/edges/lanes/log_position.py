"""Where a lane continues: its stored position is tied to the log to which it belongs.

An offset alone does not say which record was counted last: a topic that was deleted and created again under the same
name has the same offsets, and so has a log that an unclean restore has cut short and that has grown since. So a lane
stores beside ``next`` the id of the topic and some *marks*, offset and broker timestamp of records that it has counted.
When it loads, and whenever the leader of its partition changes, it compares them with the log.

- Another topic id: the topic was *re-created*. The lane reads the new log from its start.
- ``next`` beyond the end of the log, or another record at the newest mark that is still there: the log was *cut*. The
  lane reads again from the last mark that it finds unchanged; what it counted before is recognized as a duplicate.

In both cases the number of the log goes up by one, so that the judge accepts the lower offsets.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple

import msgspec

from stream_app.core.decoding import MessagePackDecoder
from stream_app.errors import StateError

Change = Literal["re-created", "cut"]
TimestampAt = Callable[[int], Awaitable[int | None]]  # broker timestamp of the record at an offset; None without one


class LogChangedError(Exception):
    """The log is not the one that the lane has loaded; what it has read since its last commit may be of either."""


class Mark(NamedTuple):
    """A record that was counted.

    Attributes:
        offset: Its offset.
        timestamp_ms: Its broker timestamp.
    """

    offset: int
    timestamp_ms: int


class StoredLog(msgspec.Struct, array_like=True, frozen=True):
    """Which log a position belongs to; an entry of the lane's state.

    Attributes:
        topic_id: Id of the topic; empty where the broker gives none.
        number: 0, and one more each time the log was re-created or cut.
        end: End of the log as of the last commit.
        marks: Some records that were counted, the newest last.
    """

    topic_id: str = ""
    number: int = 0
    end: int = 0
    marks: tuple[Mark, ...] = ()

    def with_mark(self, offset: int, timestamp_ms: int) -> StoredLog:
        """Return it with one more mark, and fewer of the old ones the older they are.

        >>> log = StoredLog()
        >>> for offset in range(1000):
        ...     log = log.with_mark(offset, 0)
        >>> [999 - mark.offset for mark in log.marks]
        [999, 487, 231, 103, 39, 23, 15, 7, 3, 1, 0]
        """
        kept: dict[int, Mark] = {}
        for mark in self.marks:
            if mark.offset < offset:
                kept.setdefault((offset - mark.offset).bit_length(), mark)
        return msgspec.structs.replace(self, marks=(*kept.values(), Mark(offset, timestamp_ms)))


class LogChange(NamedTuple):
    """How a log has changed since the last commit of its lane.

    Attributes:
        kind: What happened to it.
        number: Number of the log from now on.
        former_offset: Where the lane had come to.
        n_lost: Records of the former log that are known to be gone uncounted.
    """

    kind: Change
    number: int
    former_offset: int
    n_lost: int


class LogPosition(NamedTuple):
    """Where a lane continues.

    Attributes:
        next_offset: Its next offset; may be below the first one that is retained.
        log: The log to which this belongs.
        change: How the log has changed; None for the log that was stored.
    """

    next_offset: int
    log: StoredLog
    change: LogChange | None = None


class LogExtent(NamedTuple):
    """First retained offset of a partition, and the one after its last."""

    begin: int
    end: int


async def find_position(
    next_offset: int, log: StoredLog, topic_id: str, extent: LogExtent, timestamp_at: TimestampAt
) -> LogPosition:
    """Compare a stored position with the log that the partition has now.

    Args:
        next_offset: The stored position.
        log: The log to which it belonged.
        topic_id: Id of the topic now; empty where the broker gives none.
        extent: Offsets of the log now.
        timestamp_at: Returns the broker timestamp of the record at an offset.
    """
    if log.topic_id and topic_id and log.topic_id != topic_id:
        n_lost = max(0, log.end - next_offset) + extent.begin  # retention may have shortened the new log already
        change = LogChange("re-created", log.number + 1, next_offset, n_lost)
        return LogPosition(extent.begin, StoredLog(topic_id, log.number + 1, extent.end), change)
    known = msgspec.structs.replace(log, topic_id=topic_id or log.topic_id)
    is_cut = next_offset > extent.end
    for mark in reversed(log.marks):
        found_ms = await timestamp_at(mark.offset) if extent.begin <= mark.offset < extent.end else None
        if found_ms == mark.timestamp_ms:
            if not is_cut:
                return LogPosition(next_offset, known)
            return _after_cut(known, next_offset, mark.offset + 1)
        is_cut = is_cut or found_ms is not None
    return _after_cut(known, next_offset, extent.begin) if is_cut else LogPosition(next_offset, known)


def _after_cut(log: StoredLog, former_offset: int, next_offset: int) -> LogPosition:
    marks = tuple(mark for mark in log.marks if mark.offset < next_offset)
    cut = msgspec.structs.replace(log, number=log.number + 1, marks=marks)
    return LogPosition(next_offset, cut, LogChange("cut", cut.number, former_offset, 0))


_decoder = MessagePackDecoder[StoredLog](StoredLog)


def decode_log(stored: bytes | None) -> StoredLog:
    """Decode the entry of the state; a state of a version before has none.

    Raises:
        StateError: it cannot be read.
    """
    try:
        return StoredLog() if stored is None else _decoder.decode(stored)
    except msgspec.MsgspecError:
        raise StateError(
            "The entry 'log' of a lane's state cannot be read", action="Nothing else may write to changelog topics"
        ) from None


def encode_log(log: StoredLog) -> bytes:
    """Encode as MessagePack."""
    return msgspec.msgpack.encode(log)
