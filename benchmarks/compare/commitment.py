"""What the commitments of the audit log take, in the same round as ingest and over the same records.

``fairstream audit record`` computes them in a process of its own: this is CPU time that the lanes do not spend.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.compare.report import Measurement
from benchmarks.stage.broker import read_topic
from benchmarks.stage.stream import Input
from stream_app.core.audit.blocks import BlockBuilder

GOAL = 0.03  # of what ingest takes for an event
_FETCH = 1000  # records that a reader gets at once


@dataclass(frozen=True)
class Commitment:
    """CPU time of the commitments to one record, in one round, microseconds.

    Attributes:
        round: Number of the round.
        together: To the records of a minute together.
        provable: So that single records can be proven.
    """

    round: int
    together: float
    provable: float


def read_values(kafka: str, source: Input) -> list[bytes]:
    """Return the records of an input."""
    return list(read_topic(kafka, source.topic, source.n_partitions))


def commit(values: Sequence[bytes], number: int) -> Commitment:
    """Measure the commitments to some records, in both forms."""
    return Commitment(number, _cpu_us(values, is_provable=False), _cpu_us(values, is_provable=True))


def _cpu_us(values: Sequence[bytes], *, is_provable: bool) -> float:
    """Return the CPU time for each record, without that of reading them."""
    offsets = np.arange(len(values))
    timestamps_ms = offsets  # a thousand in a second: blocks of 60,000
    parts = [slice(first, first + _FETCH) for first in range(0, len(values), _FETCH)]
    fetched = [(offsets[part], timestamps_ms[part], list(values[part])) for part in parts]
    builder = BlockBuilder(0, is_provable=is_provable)
    started = time.process_time()
    for places, times_ms, records in fetched:
        for block in builder.add(places, times_ms, records):
            block.hashes()
    for block in builder.end(len(values)):
        block.hashes()
    return (time.process_time() - started) / len(values) * 1e6


def shares(commitments: Sequence[Commitment], measured: Sequence[Measurement]) -> list[tuple[float, float]]:
    """Return what each round's commitments take of what ingest takes: together, and provable."""
    ingest_us = {m.round: m.cpu_s / m.n_events * 1e6 for m in measured if m.name == "fairstream" and not m.faults}
    return [
        (c.together / ingest_us[c.round], c.provable / ingest_us[c.round]) for c in commitments if c.round in ingest_us
    ]


def verdict(commitments: Sequence[Commitment], measured: Sequence[Measurement]) -> str:
    """Return one line; empty without a right round of ingest."""
    found = shares(commitments, measured)
    if not found:
        return ""
    together, provable = (median(share[place] for share in found) for place in (0, 1))
    own_us = [median(c.together for c in commitments), median(c.provable for c in commitments)]
    word = "OK" if together <= GOAL else "OVER THE GOAL"
    return (
        f"{word}: commitments of the audit log take {own_us[0]:.2f} µs of CPU for a record, {together:.1%} of ingest"
        f" (goal: at most {GOAL:.0%}); {own_us[1]:.2f} µs, {provable:.1%}, where single records can be proven"
    )
