"""The join of outcomes: the outcome-join topic of one model in; counts of outcomes by cell out.

Decisions and outcomes are tags (``stream_app.core.join.join_records``), so the lane sees no identifier and needs no
key. ``stream_app.core.join.outcome_join`` defines the rules of the join,
``stream_app.pipeline.layout.outcome_layout_of`` the cells. The counts go to the judge as partials under the name
``<model>/outcomes``, divided into panes by the clock of the join.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any

import msgspec
import numpy as np

from stream_app.core.join.join_records import JoinDecisions, JoinOutcomes
from stream_app.core.join.outcome_join import FAVORABLE_LABEL, UNFAVORABLE_LABEL, JoinCounts, JoinEvent, OutcomeJoin
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.source_progress import SourcePartition
from stream_app.core.windows.watermark import Watermark
from stream_app.errors import UnknownPolicyError
from stream_app.pipeline.contract import Batch, Flush, Outputs
from stream_app.pipeline.layout import (
    AWAITED,
    EXPIRED,
    FAVORABLE,
    OUTCOME_LABELS,
    UNFAVORABLE,
    outcome_layout_of,
)
from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.outcomes.join_log import OutcomeLog
from stream_app.pipeline.outcomes.join_reader import JoinReader, RejectedError, taken_over
from stream_app.pipeline.outcomes.report import OutcomeReport
from stream_app.pipeline.panes.partial_writer import PaneOrigin
from stream_app.pipeline.panes.publisher import PanePublisher
from stream_app.pipeline.policy_book import PolicyBook, PolicySearch
from stream_app.pipeline.policy_change import counting_policy, mapping_between
from stream_app.pipeline.rejected import RecordFault, RejectedRecord, WriterClock
from stream_app.pipeline.state_version import VersionedHead, check_state_version
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy, declared_outcome, outcome_layout_hash
from stream_app.topics import outcome_join_topic

STATE_VERSION = 4
_READABLE_VERSIONS = (2, STATE_VERSION)  # 2: version 0.2, whose state does not name its policy
_HEAD_KEY = b"meta"
_DAY_S = 86_400
_BY_LABEL = {FAVORABLE_LABEL: FAVORABLE, UNFAVORABLE_LABEL: UNFAVORABLE}


class _OutcomesHead(msgspec.Struct, array_like=True, frozen=True):
    """The state of a lane besides its panes and what waits."""

    version: int
    layout_hash: str
    first_offset: int
    clock_s: int | None
    first: int
    next: int
    next_unmatched: int
    counts: JoinCounts
    log_number: int = 0
    policy_hash: str = ""  # of the policy under which the lane counts
    counted_since: int = 0  # offset from which on it does


class OutcomeStep:
    """The join of one partition of a model's outcome-join topic; a ``LaneStep``.

    Args:
        model: The policy of the model, with an outcome.
        partition: The lane's partition.
        topology: Where it reads and writes.
        book: The policies that were ever registered; None for this one alone.
        search: For which records the registry was read again, shared by the steps of a worker.

    Raises:
        ValueError: the model has no outcome.
    """

    def __init__(
        self,
        model: ModelPolicy,
        partition: int,
        topology: Topology,
        book: PolicyBook | None = None,
        search: PolicySearch | None = None,
    ) -> None:
        outcome = declared_outcome(model)
        self._model, self._policy_hash = model, model.hash()
        self._book = PolicyBook.of([model]) if book is None else book
        registered = self._book.get(model.name, self._policy_hash)
        self._search = PolicySearch() if search is None else search
        self._rejected: list[RejectedRecord] = []
        self._reader = JoinReader(model, self._book)
        self._topic = outcome_join_topic(topology.app_id, model.name)
        self._layout_hash = outcome_layout_hash(model)
        self._join = OutcomeJoin(max(1, round(outcome.max_wait_d * _DAY_S)), outcome.max_waiting)
        self._written = WriterClock()
        self._log = OutcomeLog(self._join, has_scores=model.score is not None)
        self._clock = Watermark(model.event_time.pane_s, out_of_orderness_s=0)
        layout = outcome_layout_of(model)
        self._has_sums = layout.n_features > 0
        source = SourcePartition(self._topic, partition)
        number = 0 if registered is None else registered.number
        origin = PaneOrigin(
            outcomes_name(model.name), self._layout_hash, layout.width, source, self._policy_hash, number
        )
        self._panes = PanePublisher(origin, topology, self._clock, model.event_time.idle_s)
        self._reported = JoinCounts()

    @property
    def n_waiting(self) -> int:
        """Decisions in the state, with and without an outcome."""
        return len(self._join.waiting)

    @property
    def n_unmatched(self) -> int:
        """Outcomes that wait for their decision now."""
        return len(self._join.unmatched)

    def restore(self, entries: Mapping[bytes, bytes], next_offset: int, log_number: int = 0) -> None:
        """Take over what waits and the open panes as of the last commit.

        What another policy counted is taken over into the cells of this one.

        Raises:
            StateError: the state was written by another version, or has no place under the policy.
            UnknownPolicyError: the state was written under a policy that is not in the book.
        """
        head = self._stored_head(entries[_HEAD_KEY]) if _HEAD_KEY in entries else None
        mapping = None
        if head is not None:
            former = self._former_policy(head)
            self._join.clock_s = self._clock.max_event_s = head.clock_s
            self._join.next_unmatched = head.next_unmatched
            self._join.counts, self._reported = head.counts, copy(head.counts)
            self._log.restore(entries, head.first, head.next, taken_over(former, self._model))
            mapping = mapping_between(former, self._model, of_outcomes=True)
        self._panes.restore(entries, next_offset, head, log_number, mapping)

    def step(self, batch: Batch) -> Iterable[Outputs]:
        """Join the records of a batch; their counts are published at the next flush.

        Raises:
            StateError: another version wrote a record, or it has no place under the policy.
            UnknownPolicyError: a record names a policy that is not in the book, and the registry was not read since.
        """
        self._panes.move_to(batch.next_offset)
        sought_below = self._search.done_below(batch.topic, batch.partition)
        self._rejected += [RejectedRecord(offset, RecordFault.SEAL) for offset in sorted(batch.unsealed)]
        records = zip(batch.offsets.tolist(), batch.timestamps_ms.tolist(), batch.values, strict=True)
        for offset, written_ms, value in records:
            if value is None or offset in batch.unsealed:
                continue
            try:
                rows = self._reader.read(value, self._written.read(written_ms))
            except RejectedError as error:
                self._rejected.append(RejectedRecord(offset, error.fault))
            except UnknownPolicyError:
                if offset >= sought_below:
                    self._search.begin(batch.topic, batch.partition, batch.next_offset)
                    raise
                self._rejected.append(RejectedRecord(offset, RecordFault.POLICY))
            else:
                self._panes.note_activity()
                for event in self._take(rows):
                    self._count(event)
        self._rejected += [RejectedRecord(unread.first_offset, RecordFault.UNREADABLE) for unread in batch.unreadable]
        self._clock.max_event_s = self._join.clock_s
        return ()

    def flush(self, now_s: float, *, is_caught_up: bool) -> Flush:
        """Return the partial counts and the changed state."""
        flush = self._panes.flush(now_s, is_caught_up=is_caught_up)
        if flush.outputs:
            flush.changes += [self._head(), *self._log.take_changes()]
        return flush

    def take_report(self) -> OutcomeReport:
        """Return what happened since the last call."""
        counts = self._join.counts.since(self._reported)
        self._reported = copy(self._join.counts)
        rejected, self._rejected = self._rejected, []
        return OutcomeReport(self._model.name, counts, rejected)

    def restored_report(self) -> None:
        """Return nothing: counts are shown once, by the owner who made them."""

    def _take(self, rows: JoinDecisions | JoinOutcomes) -> list[JoinEvent]:
        return self._join.take_outcomes(rows) if isinstance(rows, JoinOutcomes) else self._join.take_decisions(rows)

    def _stored_head(self, encoded: bytes) -> _OutcomesHead:
        what = f"The outcome state of model {self._model.name!r}"
        version = msgspec.msgpack.decode(encoded, type=VersionedHead).version
        check_state_version(version, _READABLE_VERSIONS, STATE_VERSION, what)
        return msgspec.msgpack.decode(encoded, type=_OutcomesHead)

    def _former_policy(self, head: _OutcomesHead) -> ModelPolicy:
        """Return the policy under which the state was written."""
        if head.policy_hash == self._policy_hash:
            return self._model
        name = outcomes_name(self._model.name)
        return counting_policy(self._book, name, head.policy_hash, head.layout_hash).model

    def _count(self, event: JoinEvent) -> None:
        """Add decisions to the pane in which something happened to them."""
        kind = EXPIRED if event.is_leaving else _BY_LABEL.get(event.label, AWAITED)
        outcome = OUTCOME_LABELS.index(kind)
        keys, group = np.unique(event.cells, return_inverse=True)
        sums = [np.bincount(group, minlength=len(keys))]
        if self._has_sums:
            scores = event.scores.astype(np.int64)
            sums += [sums[0], _sum_by(group, scores, len(keys)), _sum_by(group, scores * scores, len(keys))]
        vectors = np.column_stack(sums).tolist()
        codes = (keys.astype(np.int64) * len(OUTCOME_LABELS) + outcome).tolist()
        cells: Cells = dict(zip(codes, vectors, strict=True))
        self._panes.add(event.time_s // self._clock.pane_s * self._clock.pane_s, cells)

    def _head(self) -> tuple[bytes, bytes]:
        join = self._join
        head = _OutcomesHead(
            STATE_VERSION,
            self._layout_hash,
            self._panes.first_offset,
            join.clock_s,
            join.waiting.first,
            join.waiting.next,
            join.next_unmatched,
            join.counts,
            self._panes.log_number,
            self._policy_hash,
            self._panes.counted_since,
        )
        return _HEAD_KEY, msgspec.msgpack.encode(head)


def _sum_by(group: np.ndarray[Any, Any], values: np.ndarray[Any, Any], n_groups: int) -> np.ndarray[Any, Any]:
    """Sum whole numbers by group, exactly."""
    sums = np.zeros(n_groups, np.int64)
    np.add.at(sums, group, values)
    return sums
