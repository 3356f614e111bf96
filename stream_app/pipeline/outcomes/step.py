"""Outcomes: the log in which decisions and outcomes meet in; counts of outcomes by cell out.

A lane of the labels log of one model. It holds no identifier and needs no key: decisions and outcomes are tags
(``stream_app.core.join.join_records``). ``stream_app.core.join.outcome_join`` defines the rules of the join;
 ``stream_app.pipeline.layout.outcome_layout_of``. The counts go to the judge as partials of the
model ``<model>/outcomes``, cut in panes by the clock of the join.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from stream_app.core.join.join_records import JoinDecisions, JoinOutcomes, decode_rows
from stream_app.core.join.outcome_join import FAVOURABLE_LABEL, UNFAVOURABLE_LABEL, JoinCounts, JoinEvent, OutcomeJoin
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.pane_store import PaneStore
from stream_app.core.windows.partials import PanePartial, max_cells_of
from stream_app.core.windows.source_progress import SourcePartition
from stream_app.core.windows.watermark import Watermark
from stream_app.errors import StateError
from stream_app.pipeline.contract import Batch, Flush, Outputs
from stream_app.pipeline.layout import (
    AWAITED,
    EXPIRED,
    FAVOURABLE,
    OUTCOME_LABELS,
    UNFAVOURABLE,
    outcome_layout_of,
)
from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.outcomes.join_log import OutcomeLog
from stream_app.pipeline.panes.pane_log import PaneLog
from stream_app.pipeline.panes.partial_writer import PartialWriter
from stream_app.policy import ModelPolicy, declared_outcome, outcome_layout_hash
from stream_app.topics import outcome_join_topic, partition_of_model

STATE_VERSION = 2
_META_KEY = b"meta"
_DAY_S = 86_400
_BY_LABEL = {FAVOURABLE_LABEL: FAVOURABLE, UNFAVOURABLE_LABEL: UNFAVOURABLE}


class _OutcomesHead(msgspec.Struct, array_like=True, frozen=True):
    """What a lane must know besides its entries."""

    version: int
    layout_hash: str
    first_offset: int
    clock_s: int | None
    first: int
    next: int
    next_unmatched: int
    counts: JoinCounts


@dataclass(frozen=True)
class OutcomeTopology:
    """Where a lane reads and writes.

    Attributes:
        app_id: Prefix of the labels log.
        n_source_partitions: Partitions of the labels log.
        n_partials: Partitions of ``fairness-partials``.
    """

    app_id: str
    n_source_partitions: int
    n_partials: int = 1


class OutcomeStep:
    """The join of one partition of a model's labels log; a ``LaneStep``.

    Args:
        model: The policy of the model, with an outcome.
        partition: The lane's partition.
        topology: Where it reads and writes.

    Raises:
        ValueError: the model has no outcome.
    """

    def __init__(self, model: ModelPolicy, partition: int, topology: OutcomeTopology) -> None:
        outcome = declared_outcome(model)
        self._model = model
        self._topic = outcome_join_topic(topology.app_id, model.name)
        self._decision_hash, self._layout_hash = model.layout_hash(), outcome_layout_hash(model)
        self._join = OutcomeJoin(max(1, round(outcome.max_wait_d * _DAY_S)), outcome.max_waiting)
        self._log = OutcomeLog(self._join, has_scores=model.score is not None)
        layout = outcome_layout_of(model)
        self._has_sums = layout.n_features > 0
        max_cells = max_cells_of(layout.width)
        self._panes = PaneStore()
        self._pane_log = PaneLog(max_cells)
        self._partials = PartialWriter(
            outcomes_name(model.name),
            self._layout_hash,
            SourcePartition(self._topic, partition),
            n_partitions=topology.n_source_partitions,
            # Beside the partials of its decisions: one judge lane owns all of a model.
            to_partition=partition_of_model(model.name, topology.n_partials),
            max_cells=max_cells,
        )
        self._clock = Watermark(model.event_time.pane_s, out_of_orderness_s=0)
        self._taken = JoinCounts()
        self._first_offset = self._next_offset = 0
        self._has_read = True  # a restored lane was active a moment ago, for all it knows
        self._active_at_s = 0.0
        self._announced: tuple[Any, ...] | None = None

    @property
    def model_name(self) -> str:
        """Name of the model."""
        return self._model.name

    @property
    def n_waiting(self) -> int:
        """Decisions in the state, with and without an outcome."""
        return len(self._join.waiting)

    @property
    def n_unmatched(self) -> int:
        """Outcomes that wait for their decision now."""
        return len(self._join.early)

    def restore(self, entries: Mapping[bytes, bytes], next_offset: int) -> None:
        """Take over what waits and the open panes as of the last commit.

        Raises:
            StateError: the state was written by another version or policy.
        """
        self._first_offset = self._next_offset = next_offset
        if _META_KEY not in entries:
            return
        meta = msgspec.msgpack.decode(entries[_META_KEY], type=_OutcomesHead)
        if meta.version != STATE_VERSION or meta.layout_hash != self._layout_hash:
            raise StateError(
                f"The stored outcomes of model {self._model.name!r} were counted by another policy",
                action="Restore the former policy, or start this one under a new FAIRSTREAM_APP_ID",
            )
        self._first_offset = meta.first_offset
        self._join.clock_s = self._clock.max_event_s = meta.clock_s
        self._join.next_unmatched = meta.next_unmatched
        self._join.counts, self._taken = meta.counts, copy(meta.counts)
        self._log.restore(entries, meta.first, meta.next)
        self._panes.put_back(self._pane_log.restore(entries))

    def step(self, batch: Batch) -> Iterable[Outputs]:
        """Join a run of records; what was counted is told at the next flush.

        Raises:
            StateError: a record cannot be read, or was counted by another cell layout.
        """
        self._next_offset = batch.next_offset
        for offset, value in zip(batch.offsets.tolist(), batch.values, strict=True):
            if value is not None:
                self._has_read = True
                for happening in self._take(value, offset):
                    self._count(happening)
        self._clock.max_event_s = self._join.clock_s
        return ()

    def flush(self, now_s: float, *, is_caught_up: bool) -> Flush:
        """Return the partial counts and the changed state."""
        if self._has_read:
            self._active_at_s = now_s
        is_idle = is_caught_up and now_s - self._active_at_s >= self._model.event_time.idle_s
        panes = self._panes.take_changes()
        announcement = (self._next_offset, self._clock.closed_before_s, is_idle)
        flush = Flush()
        if panes or announcement != self._announced:
            told = self._partials.write(
                panes, self._clock, first_offset=self._first_offset, next_offset=self._next_offset, is_idle=is_idle
            )
            flush.outputs.append(told)
            flush.changes += self._changes(panes)
        self._announced = announcement
        self._has_read = False
        return flush

    def take_counts(self) -> JoinCounts:
        """Return what happened since the last call."""
        counts = self._join.counts.since(self._taken)
        self._taken = copy(self._join.counts)
        return counts

    def _take(self, value: bytes, offset: int) -> list[JoinEvent]:
        try:
            rows = decode_rows(value)
        except msgspec.MsgspecError:
            raise StateError(
                f"The record at offset {offset} of {self._topic} cannot be read",
                action="All workers must run one version, and nothing else may write to this topic",
            ) from None
        if isinstance(rows, JoinOutcomes):
            return self._join.take_outcomes(rows)
        self._check(rows)
        return self._join.take_decisions(rows)

    def _check(self, rows: JoinDecisions) -> None:
        if rows.layout_hash != self._decision_hash:
            raise StateError(
                f"Decisions of model {self._model.name!r} were counted by another cell layout of the policy",
                action="Start all workers with one policy, and another layout under a new FAIRSTREAM_APP_ID",
            )

    def _count(self, happening: JoinEvent) -> None:
        """Add what happened to the pane in which it happened."""
        kind = EXPIRED if happening.is_leaving else _BY_LABEL.get(happening.label, AWAITED)
        outcome = OUTCOME_LABELS.index(kind)
        keys, group = np.unique(happening.cells, return_inverse=True)
        sums = [np.bincount(group, minlength=len(keys))]
        if self._has_sums:
            scores = happening.scores.astype(np.int64)
            sums += [sums[0], _sum_by(group, scores, len(keys)), _sum_by(group, scores * scores, len(keys))]
        vectors = np.column_stack(sums).tolist()
        codes = (keys.astype(np.int64) * len(OUTCOME_LABELS) + outcome).tolist()
        cells: Cells = dict(zip(codes, vectors, strict=True))
        self._panes.add(happening.time_s // self._clock.pane_s * self._clock.pane_s, cells)

    def _changes(self, panes: list[PanePartial]) -> list[tuple[bytes, bytes | None]]:
        closed_before_s = self._clock.closed_before_s
        if closed_before_s is not None:
            self._panes.close_before(closed_before_s)
        join = self._join
        meta = _OutcomesHead(
            STATE_VERSION,
            self._layout_hash,
            self._first_offset,
            join.clock_s,
            join.waiting.first,
            join.waiting.next,
            join.next_unmatched,
            join.counts,
        )
        return [
            *self._pane_log.changes(panes, closed_before_s),
            (_META_KEY, msgspec.msgpack.encode(meta)),
            *self._log.take_changes(),
        ]


def _sum_by(group: np.ndarray[Any, Any], values: np.ndarray[Any, Any], n_groups: int) -> np.ndarray[Any, Any]:
    """Sum whole numbers by group, exactly."""
    sums = np.zeros(n_groups, np.int64)
    np.add.at(sums, group, values)
    return sums
