"""How fast entries are appended, durably, and verified."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stream_app.core.audit.blocks import BlockBuilder
from stream_app.core.audit.entries import NewEntry, Source
from stream_app.edges.audit.log import AuditLog
from tests.support.audit_logs import KEY, WrittenLog

_BATCH = 1000
_RECORD_BYTES = 290


class Speed(NamedTuple):
    """Entries in a second.

    Attributes:
        by_clock: By the clock, which other work on the machine slows down.
        by_cpu: In a second of CPU time of this process.
    """

    by_clock: float
    by_cpu: float


def measure(folder: Path, n: int) -> tuple[Speed, Speed]:
    """Return how fast entries are appended and verified.

    Args:
        folder: For a new log.
        n: Number of entries.
    """
    entries = [
        NewEntry(
            type="alert",
            actor="fairstream-audit",
            data={"model": "loans", "test": "ratio", "change": "breach", "at_s": number, "policy_hash": "0" * 16},
            source=Source(log="fairness-alerts", offset=number),
        )
        for number in range(n)
    ]
    log = AuditLog(folder, KEY)

    def append() -> int:
        for first in range(0, n, _BATCH):
            log.append(entries[first : first + _BATCH])
        log.checkpoint()
        return n

    return _speed_of(append), _speed_of(lambda: WrittenLog(folder).verify().n_entries)


def _speed_of(work: Callable[[], int]) -> Speed:
    clock_s, cpu_s = time.perf_counter(), time.process_time()
    n = work()
    return Speed(n / (time.perf_counter() - clock_s), n / (time.process_time() - cpu_s))


def measure_commitment(n: int, *, is_provable: bool) -> Speed:
    """Return how fast a commitment to records in memory is made, without reading them from Kafka.

    Args:
        n: Number of records, of 290 bytes each.
        is_provable: Whether single records can be proven.
    """
    values: list[bytes | None] = [b"%08d" % number + bytes(_RECORD_BYTES - 8) for number in range(n)]
    offsets, timestamps_ms = np.arange(n), np.zeros(n, np.int64)

    def commit() -> int:
        builder = BlockBuilder(0, is_provable=is_provable)
        for first in range(0, n, _BATCH):
            part = slice(first, first + _BATCH)
            for block in builder.add(offsets[part], timestamps_ms[part], values[part]):
                block.hashes()
        for block in builder.end(n):
            block.hashes()
        return n

    return _speed_of(commit)
