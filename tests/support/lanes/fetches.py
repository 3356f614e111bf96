"""Fetch responses of one partition, taken as runs without a broker."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from itertools import pairwise

from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult, PartitionRecords
from aiokafka.consumer.subscription_state import Assignment

from stream_app.edges.batches.columns import RAW, ColumnReader
from stream_app.edges.batches.record_set import RecordSet
from stream_app.edges.lanes.runs import take_run
from stream_app.pipeline.contract import Batch

TP = TopicPartition("raw", 0)


async def _new_assignment() -> Assignment:
    return Assignment([TP])  # needs a running loop


class Partition:
    """One partition as a consumer sees it: fetches what it is asked to, from its position."""

    def __init__(self, position: int = 0) -> None:
        self._assignment = asyncio.run(_new_assignment())
        self._state = self._assignment.state_value(TP)
        self._state.seek(position)

    @property
    def position(self) -> int:
        return int(self._state.position)

    def take(
        self, data: bytes, aborted: list[tuple[int, int]] | None = None, reader: ColumnReader = RAW
    ) -> Iterator[Batch]:
        """Yield the runs of one fetch response."""
        records = PartitionRecords(TP, RecordSet(data), aborted, self.position, None, None, True, READ_COMMITTED)
        result = FetchResult(TP, assignment=self._assignment, partition_records=records, backoff=0)
        while (run := take_run(result, reader=reader)) is not None:
            yield run


def read(data: bytes, position: int = 0, aborted: list[tuple[int, int]] | None = None) -> Batch:
    """Read a log to its end as a consumer does, fetching again from the position, and return everything as one run."""
    partition = Partition(position)
    runs: list[Batch] = []
    for _ in range(200):
        before = partition.position
        runs += partition.take(from_position(data, before), aborted)
        if partition.position >= end_of(data):
            break
    assert all(after.first_offset == before.next_offset for before, after in pairwise(runs))
    joined = runs[0]
    for run in runs[1:]:
        joined = Batch(
            "raw", 0, joined.first_offset, run.next_offset, [*joined.offsets, *run.offsets],  # type: ignore[arg-type]
            joined.values + run.values, [*joined.timestamps_ms, *run.timestamps_ms],  # type: ignore[arg-type]
            [*joined.unreadable, *run.unreadable],
        )  # fmt: skip
    check_that_every_offset_is_accounted_for_once(joined)
    return joined


def check_that_every_offset_is_accounted_for_once(run: Batch) -> None:
    offsets = [int(offset) for offset in run.offsets]
    assert offsets == sorted(set(offsets))
    for unread in run.unreadable:
        assert run.first_offset <= unread.first_offset < unread.next_offset <= run.next_offset
        assert 1 <= unread.n_records <= unread.next_offset - unread.first_offset
    for before, after in pairwise(run.unreadable):
        assert before.next_offset <= after.first_offset


def batches_of(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield place in the bytes, end, and next offset of each batch."""
    place = 0
    while place < len(data):
        base, length = struct.unpack_from(">qi", data, place)
        (last_delta,) = struct.unpack_from(">i", data, place + 23)
        yield place, place + 12 + length, base + last_delta + 1
        place += 12 + length


def from_position(data: bytes, position: int) -> bytes:
    """Return what a broker would send: from the batch that contains the position."""
    return next((data[place:] for place, _, next_offset in batches_of(data) if next_offset > position), b"")


def end_of(data: bytes) -> int:
    return max(next_offset for _, _, next_offset in batches_of(data))
