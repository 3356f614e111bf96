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


def source_columns(records: Iterable[Any], start: int, end: int) -> Columns:
    """Return the records at some offsets of an output topic; their own offsets are the places of their raw records.

    Raises:
        TopicError: a record does not name its source.
    """
    places: list[int] = []

    def noted() -> Iterator[Any]:
        for record in records:
            if start <= record.offset < end:
                places.append(_place_of(record.headers))
                yield record

    columns = columns_from(noted(), start, end)
    return Columns(np.array(places, np.int64), columns.values, columns.timestamps_ms)


def _place_of(headers: Iterable[tuple[str, bytes]]) -> int:
    """Return the place of an event: in which log of the source, and at which offset its raw record is."""
    log_number, offset = 0, None
    for name, value in headers:
        if name == SOURCE_HEADER:
            offset = int(value.partition(b":")[2])
        elif name == LOG_HEADER:
            log_number = int(value)
    if offset is None:
        raise TopicError("A record of the output topic does not name its source", action="Is this the output topic?")
    return (log_number << LOG_SHIFT) + offset
