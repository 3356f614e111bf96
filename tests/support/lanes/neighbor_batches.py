"""A batch of three offsets between two good ones."""

from __future__ import annotations

import dataclasses

from tests.support.lanes.raw_batches import USUAL, BatchShape, batch_of, raw_batch, raw_record

GOOD = [b"good-%d" % number for number in range(5)]


def with_neighbors(bad: list[bytes], shape: BatchShape = USUAL) -> bytes:
    """Return a log: five good records, a batch of three offsets, five good records."""
    return batch_of(GOOD) + raw_batch(bad, dataclasses.replace(shape, base_offset=5)) + batch_of(
        GOOD, BatchShape(base_offset=8)
    )  # fmt: skip


THREE = [raw_record(delta, b"bad-%d" % delta) for delta in range(3)]
BAD_NAME = (b"\xff\xfe", b"x")
