"""Reads the records of a batch one by one and delivers every one that can be read.

The C code of the client library stops at the first flaw, such as a header name that is not UTF-8. This reader needs
only the frame of each record, its key and its value; headers are read when somebody asks for them. It is some ten times
slower, and used only for a batch that the library rejects.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stream_app.core.events.reasons import DeadLetterReason
from stream_app.pipeline.contract import UnreadableRange

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
_MAX_VARINT_SHIFT = 63
_MORE = 0x80  # the bit of a byte that another one follows


class MalformedError(Exception):
    """A number or a field does not fit into its record."""


@dataclass(slots=True, repr=False)
class Record:
    """One record; ``repr`` shows nothing of it.

    Attributes:
        offset: Its offset.
        timestamp: Milliseconds since the epoch, by the broker or the producer.
        key: Its key.
        value: Its value; None for a tombstone.
        raw_headers: The bytes of its headers, as they are.
    """

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    raw_headers: bytes = b""

    @property
    def headers(self) -> list[tuple[str, bytes | None]]:
        """Name and value of each header up to the first that cannot be read; names need not be UTF-8."""
        headers: list[tuple[str, bytes | None]] = []
        data = self.raw_headers
        try:
            n_headers, position = read_varint(data, 0)
            while len(headers) < n_headers:
                name, position = read_bytes(data, position, len(data))
                value, position = read_bytes(data, position, len(data))
                headers.append(((name or b"").decode("utf-8", "surrogateescape"), value))
        except (IndexError, MalformedError):
            pass
        return headers


class RecordScan:
    """The records of one batch, read as far as possible.

    Args:
        data: The records of the batch, expanded.
        base_offset: Offset of its first record.
        next_offset: Offset after the batch.
        n_records: Number of records that its header states.
        first_ms: Timestamp to which those of the records are relative.
        fixed_ms: Timestamp of all records, where the broker sets it.

    Attributes:
        unreadable: What could not be read; complete when all records have been taken.
    """

    def __init__(
        self,
        data: bytes | memoryview,
        base_offset: int,
        next_offset: int,
        n_records: int,
        first_ms: int,
        fixed_ms: int | None,
    ) -> None:
        self.unreadable: list[UnreadableRange] = []
        self._data = data
        self._base_offset, self._next_offset, self._n_records = base_offset, next_offset, n_records
        self._is_dense = n_records == next_offset - base_offset  # without gaps the place of a record is its offset
        self._first_ms, self._fixed_ms = first_ms, fixed_ms

    def __iter__(self) -> Iterator[Record]:
        # What the header states about the number of records is not needed: the data end where they end, and offsets
        # have to rise within the range of the batch.
        data, position, place, following = self._data, 0, 0, self._base_offset
        while position < len(data) and following < self._next_offset:
            try:
                length, position = read_varint(data, position)
            except (IndexError, MalformedError):
                break
            end = position + length
            if length < 0 or end > len(data):
                break
            record = self._record_at(position, end)
            if record is not None and self._is_plausible(record.offset, place, following):
                following = record.offset + 1
                yield record
            else:
                self._note(following, following + 1, 1, length)
                following += 1
            position, place = end, place + 1
        self._note_rest(position, place, following)

    def _is_plausible(self, offset: int, place: int, following: int) -> bool:
        """Return whether an offset can be that of the record at a place; without gaps it is known."""
        if self._is_dense:
            return offset == self._base_offset + place
        return following <= offset < self._next_offset

    def _record_at(self, position: int, end: int) -> Record | None:
        data = self._data
        try:
            time_delta, position = read_varint(data, position + 1)  # after a byte of attributes that has no meaning
            offset_delta, position = read_varint(data, position)
            key, position = read_bytes(data, position, end)
            value, position = read_bytes(data, position, end)
        except (IndexError, MalformedError):
            return None
        timestamp = self._first_ms + time_delta if self._fixed_ms is None else self._fixed_ms
        timestamp = min(max(timestamp, INT64_MIN), INT64_MAX)
        return Record(self._base_offset + offset_delta, timestamp, key, value, bytes(data[position:end]))

    def _note_rest(self, position: int, n_seen: int, following: int) -> None:
        """Note what the header states and the data do not contain, or the data contain and no offset is left for."""
        n_missing = min(self._n_records - n_seen, self._next_offset - following)
        n_bytes = len(self._data) - position
        if following < self._next_offset and (n_bytes or n_missing > 0):
            self._note(following, self._next_offset, max(1, n_missing), n_bytes)
        elif n_bytes and not (self.unreadable and self.unreadable[-1].next_offset == self._next_offset):
            self._note(self._next_offset - 1, self._next_offset, 1, n_bytes)

    def _note(self, first_offset: int, next_offset: int, n_records: int, n_bytes: int) -> None:
        if self.unreadable and self.unreadable[-1].next_offset == first_offset:  # one notice for all that follow
            before = self.unreadable.pop()
            first_offset, n_records = before.first_offset, before.n_records + n_records
            n_bytes += before.n_bytes
        reason = DeadLetterReason.UNREADABLE
        self.unreadable.append(UnreadableRange(reason, first_offset, next_offset, n_records, n_bytes))


def read_varint(data: bytes | memoryview, position: int) -> tuple[int, int]:
    """Return a signed number of variable length and the position after it.

    Raises:
        IndexError: the data end within it.
        MalformedError: it has more than 64 bits.

    >>> read_varint(bytes([0xac, 0x02]), 0), read_varint(bytes([1]), 0)
    ((150, 2), (-1, 1))
    """
    number = shift = 0
    while True:
        byte = data[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < _MORE:
            return (number >> 1) ^ -(number & 1), position
        shift += 7
        if shift > _MAX_VARINT_SHIFT:
            raise MalformedError


def read_bytes(data: bytes | memoryview, position: int, end: int) -> tuple[bytes | None, int]:
    """Return a field with its length in front of it, None if the length is negative, and the position after it.

    Raises:
        IndexError: the data end within the length.
        MalformedError: the field reaches beyond ``end``.
    """
    length, position = read_varint(data, position)
    if length < 0:
        length, field = 0, None
    else:
        field = bytes(data[position : position + length])
    if position + length > end:
        raise MalformedError
    return field, position + length
