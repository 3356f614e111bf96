"""Batches that a broker takes and no honest client writes, drawn from a seed, with what must be read of each."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from tests.support.lanes.raw_batches import BatchShape, raw_batch, raw_record

CANARY = b"canary-4711"
_BAD_NAMES = (b"\xff\xfe" + CANARY, b"\xc3\x28", b"", b"\xed\xa0\x80", b"x" * 300)
_BAD_CONTENTS = (None, b"", CANARY, bytes(500))
_BOMB_BYTES = (16 * 2**20, 64 * 2**20)  # just below the limit, and far beyond it


@dataclass(frozen=True)
class HostileBatch:
    """A batch.

    Attributes:
        data: Its bytes, from offset 0.
        is_readable: For each of its offsets, whether its record must be delivered.
    """

    data: bytes
    is_readable: list[bool]


def draw_batches(seed: int, values: Iterator[bytes], now_ms: int) -> Iterator[HostileBatch]:
    """Yield batches without end; each readable record has the next of the values."""
    draw = random.Random(seed)
    number = 0
    while True:
        number += 1
        yield _bomb(draw, now_ms) if number % 10 in (7, 8, 9) else _batch(draw, values, now_ms)


def _bomb(draw: random.Random, now_ms: int) -> HostileBatch:
    records = [raw_record(0, bytes(draw.choice(_BOMB_BYTES))), raw_record(1, b"{}")]
    shape = BatchShape(codec=draw.choice([1, 4]), first_ms=now_ms, max_ms=now_ms)
    return HostileBatch(raw_batch(records, shape), [False, False])


def _batch(draw: random.Random, values: Iterator[bytes], now_ms: int) -> HostileBatch:
    n, codec = draw.randint(1, 8), draw.randint(0, 4)
    flaws = [draw.choice(["none", "headers", "key", "attributes", "frame", "headers"]) for _ in range(n)]
    records, is_readable, is_framed = [], [], True
    for delta, (flaw, value) in enumerate(zip(flaws, islice(values, n), strict=True)):
        is_lie = flaw == "frame"
        # A broker checks the offsets of compressed records, and the lengths of plain ones.
        if is_lie and codec:
            records.append(raw_record(delta, value, length=draw.choice([-1, -(2**31), 10**6, 2**31 - 1])))
            is_framed = False
        elif is_lie:
            records.append(raw_record(draw.choice([-5, delta + 1000, 2**31 - 1]), value))
        else:
            records.append(_odd_record(draw, delta, value, flaw))
        is_readable.append(is_framed and not is_lie)
    attributes = draw.choice([0, 0x4000, 0x0080, 0x7F80])
    shape = BatchShape(codec=codec, attributes=attributes, first_ms=now_ms, max_ms=now_ms)
    return HostileBatch(raw_batch(records, shape), is_readable)


def _odd_record(draw: random.Random, delta: int, value: bytes, flaw: str) -> bytes:
    if flaw == "headers":
        n_headers = draw.choice([1, 2, 40])
        headers = [(draw.choice(_BAD_NAMES), draw.choice(_BAD_CONTENTS)) for _ in range(n_headers)]
        return raw_record(delta, value, headers=headers)
    if flaw == "key":
        return raw_record(delta, value, draw.choice([b"", b"\xff\x00" + CANARY, bytes(1000)]))
    return raw_record(delta, value, attributes=draw.randint(0, 255) if flaw == "attributes" else 0)
