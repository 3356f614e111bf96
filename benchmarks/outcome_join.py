"""Measures the cost of the outcome join: ``python benchmarks/outcome_join.py [--decisions 1000000]``.

Decisions come in records of 1,000, then half of them get an outcome in random order, in records of 500, with a flush
after every ten records. One process, no broker.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Iterator

import msgspec
import numpy as np

from stream_app.core.join.join_records import pack_decisions, pack_outcomes
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.outcomes.step import OutcomeStep
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy, declared_outcome, load_policy

_PER_RECORD = 1000
_FLUSH_EVERY = 10
_START_S = 1_790_000_000
_N_CELLS = 200  # cells that occur; most of the possible ones stay empty


class JoinCost(msgspec.Struct):
    """Cost of the join.

    Attributes:
        decision_us: Microseconds per decision, with its share of the flushes.
        outcome_us: Microseconds per outcome, the same.
        log_bytes: Bytes of the outcome-join topic per decision.
        state_bytes: Bytes of the stored state per decision that waits.
        label_bytes: Bytes written to the state per outcome.
        memory_bytes: Bytes of memory per decision that waits.
        restore_s: Seconds to restore the state.
    """

    decision_us: float
    outcome_us: float
    log_bytes: float
    state_bytes: float
    label_bytes: float
    memory_bytes: float
    restore_s: float


class Lane:
    """A lane with its state in memory."""

    def __init__(self, model: ModelPolicy) -> None:
        self.step = new_step(model)
        self.state: dict[bytes, bytes] = {}
        self.n_written = 0
        self._offset = 0

    def read(self, records: Iterator[bytes]) -> float:
        """Read records and return the seconds spent."""
        spent_s = 0.0
        for number, record in enumerate(records, start=1):
            started = time.perf_counter()
            self.step.step(
                Batch("l", 0, self._offset, self._offset + 1, np.array([self._offset]), [record], np.zeros(1, np.int64))
            )
            changes = self.step.flush(0.0, is_caught_up=False).changes if number % _FLUSH_EVERY == 0 else []
            spent_s += time.perf_counter() - started
            self._offset += 1
            for key, value in changes:
                self.n_written += len(key) + len(value or b"")
                if value is None:
                    self.state.pop(key, None)
                else:
                    self.state[key] = value
        return spent_s


def new_step(model: ModelPolicy) -> OutcomeStep:
    """Return a step without state."""
    return OutcomeStep(model, 0, Topology(app_id="bench"))


def measure(n: int, seed: int = 1) -> JoinCost:
    """Measure the join of ``n`` decisions, a multiple of 20,000."""
    model = load_policy("credit").models[0]
    assert n <= declared_outcome(model).max_waiting
    rng = np.random.default_rng(seed)
    tags = rng.integers(0, 2**64, n, dtype=np.uint64)
    cells = rng.choice(layout_of(model).size, _N_CELLS)[rng.integers(0, _N_CELLS, n)].astype(np.uint32)
    scores = rng.integers(0, 1_000_001, n).astype(np.int32)

    def decision_records() -> Iterator[bytes]:
        for first in range(0, n, _PER_RECORD):
            part = slice(first, first + _PER_RECORD)
            yield from pack_decisions(model.layout_hash(), _START_S, tags[part], cells[part], scores[part])

    def outcome_records() -> Iterator[bytes]:
        order = rng.permutation(n)[: n // 2]
        for first in range(0, len(order), _PER_RECORD // 2):
            chosen = order[first : first + _PER_RECORD // 2]
            times_s = np.full(len(chosen), _START_S + 1 + first // 5000, np.uint32)
            yield from pack_outcomes(times_s, (chosen % 2).astype(np.uint8), [tags[chosen]])

    log_bytes = sum(map(len, decision_records()))
    tracemalloc.start()
    waiting = Lane(model)
    waiting.read(decision_records())
    waiting.state.clear()
    memory = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    lane = Lane(model)
    decision_s = lane.read(decision_records())
    state_bytes = sum(map(len, lane.state.values()))
    lane.n_written = 0
    outcome_s = lane.read(outcome_records())
    started = time.perf_counter()
    restored = new_step(model)
    restored.restore(lane.state, 0)
    restore_s = time.perf_counter() - started
    assert restored.n_waiting == n
    return JoinCost(
        decision_us=1e6 * decision_s / n,
        outcome_us=1e6 * outcome_s / (n // 2),
        log_bytes=log_bytes / n,
        state_bytes=state_bytes / n,
        label_bytes=lane.n_written / (n // 2),
        memory_bytes=memory / n,
        restore_s=restore_s,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=1_000_000)
    print(msgspec.json.format(msgspec.json.encode(measure(parser.parse_args().decisions))).decode())
