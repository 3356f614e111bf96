"""Where the raw record of a published event is: in which log of the source, and at which offset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from stream_app.edges.batches.columns import Columns, columns_from
from stream_app.errors import TopicError

SOURCE_HEADER = "source"  # partition:offset of the raw record, on each record of an output topic
LOG_HEADER = "log"  # number of the log of the source to which that offset belongs, where it is not 0

LOG_SHIFT = 48  # a place orders events: number of the log of the source, and below it the offset, in 48 bits
OFFSETS = (1 << LOG_SHIFT) - 1
_MAX_LOG = (1 << 63 - LOG_SHIFT) - 1  # a place is a 64-bit integer


def source_columns(records: Iterable[Any], start: int, end: int) -> Columns:
    """Return the records at some offsets of an output topic; their own offsets are the places of their raw records.

    Raises:
        TopicError: a record does not name its source, as it would if a worker had written it.
    """
    places: list[int] = []

    def noted() -> Iterator[Any]:
        for record in records:
            if start <= record.offset < end:
                places.append(_place_of(record))
                yield record

    columns = columns_from(noted(), start, end)
    return Columns(np.array(places, np.int64), columns.values, columns.timestamps_ms)


def _place_of(record: Any) -> int:
    """Return the place of an event: in which log of the source, and at which offset its raw record is."""
    log_number, offset = 0, -1
    try:
        for name, value in record.headers:
            if name == SOURCE_HEADER:
                offset = int(value.partition(b":")[2])
            elif name == LOG_HEADER:
                log_number = int(value)
    except (ValueError, TypeError, AttributeError):  # no numbers, or no value at all
        offset = -1
    if not (0 <= offset <= OFFSETS and 0 <= log_number <= _MAX_LOG):
        raise TopicError(
            f"The record at offset {record.offset} of the output topic does not name its source, so no worker wrote it",
            action="Check that this is the output topic and who may write to it, or replay the raw topic",
        )
    return (log_number << LOG_SHIFT) + offset
