"""Ingest: raw records in; pseudonymized events, exact pane counts, dead letters and late notices out.

With ``stream_app.pipeline.ingest.outcome_step`` the only step that sees a raw identifier.
``stream_app.pipeline.ingest.admission`` decides which records count; what it admits is counted once and published under
pseudonyms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.core.windows.cells import CellMapping
from stream_app.core.windows.deduplication import event_tags
from stream_app.core.windows.source_progress import SourcePartition
from stream_app.core.windows.watermark import Watermark
from stream_app.pipeline.contract import Batch, Flush, Outputs, RecordRange
from stream_app.pipeline.ingest.admission import Admission, Recount
from stream_app.pipeline.ingest.counting import EventCounter
from stream_app.pipeline.ingest.deduplication_log import DeduplicationLog
from stream_app.pipeline.ingest.event_batch import EventBatch
from stream_app.pipeline.ingest.report import IngestReport
from stream_app.pipeline.ingest.tags.anomalies import AnomalyScorer, AnomalyTags
from stream_app.pipeline.ingest.writers.events import EventWriter
from stream_app.pipeline.ingest.writers.notices import NoticeWriter
from stream_app.pipeline.ingest.writers.outcome_join import DecisionWriter
from stream_app.pipeline.panes.partial_writer import PaneOrigin
from stream_app.pipeline.panes.publisher import PanePublisher
from stream_app.pipeline.policy_book import PolicyBook
from stream_app.pipeline.policy_change import counting_policy, mapping_between
from stream_app.pipeline.state_version import VersionedHead, check_state_version
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy
from stream_app.topics import outcome_join_topic

STATE_VERSION = 4
_READABLE_VERSIONS = (3, STATE_VERSION)  # 3: version 0.2, whose state does not name its policy
_HEAD_KEY = b"meta"


class _IngestHead(msgspec.Struct, array_like=True, frozen=True):
    """The state of a lane besides its panes and event ids."""

    version: int
    layout_hash: str
    max_event_s: int | None
    first_offset: int = 0  # where the lane began: no record below it was ever counted
    log_number: int = 0  # log of the source to which these offsets belong
    policy_hash: str = ""  # of the policy under which the lane counts
    counted_since: int = 0  # offset from which on it does
    floor_s: int | None = None  # event time before which an earlier policy had closed the panes
    labels_since: int | None = None  # offset from which on counts have the labels of the policy; None: counted_since


class IngestStep:
    """Ingest of one source partition; a ``LaneStep``.

    Args:
        model: The policy of the model.
        keys: Root keys of the pseudonyms.
        partition: Source partition.
        topology: Where outputs go.
        book: The policies that were ever registered; None for this one alone.
        suppressed: Pseudonyms of people who were erased.
        scorer: Scores events where the policy declares ``anomalies``; without it they are not tagged.

    Cost: about 6 microseconds per event with two identifiers; state grows with open panes times cells and with the
    deduplication window, not with the number of events.
    """

    def __init__(
        self,
        model: ModelPolicy,
        keys: tuple[RootKey, ...],
        partition: int,
        topology: Topology,
        book: PolicyBook | None = None,
        suppressed: frozenset[str] = frozenset(),
        scorer: AnomalyScorer | None = None,
    ) -> None:
        self._model, self._keys = model, keys
        self._layout_hash, self._policy_hash = model.layout_hash(), model.hash()
        self._book = PolicyBook.of([model]) if book is None else book
        registered = self._book.get(model.name, self._policy_hash)
        self._is_recount = registered is not None and registered.is_recount
        self._former: ModelPolicy | None = None  # that counted until now, where its records are to be counted again
        self._former_labels_since = self._labels_since = 0
        self._recount: Recount | None = None
        self._admission = Admission(model, keys)
        self._deduplication_log = DeduplicationLog(self._admission.window)
        bound = self._admission.contributions
        self._contribution_log = None if bound is None else DeduplicationLog(bound, b"tracks|")
        joiner = self._admission.joiner
        self._object_logs: list[DeduplicationLog] = []
        if joiner is not None:
            self._object_logs = [DeduplicationLog(joiner.cells, b"cells|"), DeduplicationLog(joiner.joins, b"joins|")]
        self._awaiting: DecisionWriter | None = None
        if model.outcome is not None:
            topic = outcome_join_topic(topology.app_id, model.name)
            self._awaiting = DecisionWriter(topic, partition, self._layout_hash, self._policy_hash)
        schema = self._admission.schema
        self._counter = EventCounter(model, schema, self._awaiting.add_cells if self._awaiting else None)
        origin = PaneOrigin(
            model.name,
            self._layout_hash,
            self._counter.layout.width,
            SourcePartition(model.topic, partition),
            self._policy_hash,
            0 if registered is None else registered.number,
        )
        self._panes = PanePublisher(origin, topology, self._admission.watermark, model.event_time.idle_s)
        self._notices = NoticeWriter(model, keys, partition, topology)
        self._events = EventWriter(model, keys, partition, schema, suppressed)
        self._tags: AnomalyTags | None = None
        if model.anomalies is not None and scorer is not None:
            self._tags = AnomalyTags(model, model.anomalies, schema, scorer)
        self._report = IngestReport(model.name, partition)

    def restore(self, entries: Mapping[bytes, bytes], next_offset: int, log_number: int = 0) -> None:
        """Take over panes, watermark and remembered ids as of the last commit; in a new log of the source too.

        What another policy counted is taken over into the cells of this one.

        Raises:
            StateError: the state was written by another version, or has no place under the policy.
            UnknownPolicyError: the state was written under a policy that is not in the book.
        """
        head = self._stored_head(entries[_HEAD_KEY]) if _HEAD_KEY in entries else None
        mapping = None
        if head is not None:
            self._admission.watermark.max_event_s, self._admission.watermark.floor_s = head.max_event_s, head.floor_s
            mapping = self._follow(head)
        self._events.log_number = log_number
        self._panes.restore(entries, next_offset, head, log_number, mapping)
        is_new_log = head is not None and head.log_number != log_number
        if head is not None and not is_new_log:
            is_same_policy = head.policy_hash == self._policy_hash
            since = head.counted_since if head.labels_since is None else head.labels_since
            self._former_labels_since, self._labels_since = since, since if is_same_policy else next_offset
            if self._is_recount and not is_same_policy:
                self._former = counting_policy(self._book, self._model.name, head.policy_hash, head.layout_hash).model
        else:
            self._labels_since = next_offset
        self._deduplication_log.restore(entries, moved_before=next_offset if is_new_log else None)
        if self._contribution_log is not None:
            self._contribution_log.restore(entries)
        for log in self._object_logs:  # cells are those of the policy
            if head is not None and head.policy_hash == self._policy_hash:
                log.restore(entries)
            else:
                log.drop(entries)

    def step(self, batch: Batch) -> Iterable[Outputs]:
        """Count and publish the admitted records of a batch."""
        self._panes.move_to(batch.next_offset)
        self._report.note_batch(batch)
        if self._awaiting is not None and len(batch):
            self._awaiting.move_to(int(batch.timestamps_ms[-1]) // 1000)
        result = self._admission.admit(batch)
        self._report.counts.add_admission(result)
        self._deduplication_log.add(*result.new_ids)
        if self._contribution_log is not None:
            self._contribution_log.add(*result.contributions)
        for log, pairs in zip(self._object_logs, (result.joined.new_cells, result.joined.new_joins), strict=False):
            log.add(*pairs)
        for start_s, cells in result.joined.taken_back.items():
            self._panes.add(start_s, cells)
        if len(result.events):
            self._count(result.events)
            if self._tags is not None:
                self._report.counts.anomalies += self._tags.tag(result.events.events)
        return [
            *self._notices.dead_letters(batch, result.events.rejected),
            *self._notices.late_decisions(result.late),
            *self._events.write(result.events),
        ]

    def begin_recount(self, begin: int, next_offset: int) -> RecordRange | None:
        """Return which records are to be read to be counted again; None where none are.

        The former policy must have counted them, and all that decides about them must be retained: every record that
        was ever counted, or two deduplication windows before them.

        Args:
            begin: First retained offset.
            next_offset: Where the lane continues.
        """
        former, self._former = self._former, None
        if self._admission.contributions is not None:  # which cells of a track count would be decided again
            return None
        closed_before_s = self._admission.watermark.closed_before_s
        if former is None or closed_before_s is None:
            return None
        first = max(begin, self._panes.first_offset)
        is_complete = begin <= self._panes.first_offset and not self._panes.log_number
        n_unsure = 0 if is_complete else 2 * former.deduplication_window
        self._labels_since = min(next_offset, max(self._former_labels_since, first + n_unsure))
        self._recount = Recount(
            former, self._model, self._keys, self._labels_since, self._oldest_kept_s(closed_before_s)
        )
        return RecordRange(first, self._labels_since, next_offset)

    def recount(self, batch: Batch) -> None:
        """Count the next records of that range again."""
        if self._recount is not None:
            self._recount.take(batch)

    def end_recount(self) -> None:
        """Report at the next flush what was counted again."""
        recount, self._recount = self._recount, None
        if recount is not None and recount.is_complete:
            self._panes.correct(recount.since_offset, recount.panes)
        elif recount is not None:
            self._labels_since = self._panes.next_offset

    def flush(self, now_s: float, *, is_caught_up: bool) -> Flush:
        """Return the partial counts and the changed state."""
        flush = self._panes.flush(now_s, is_caught_up=is_caught_up)
        if flush.outputs:
            flush.changes += [self._head(), *self._deduplication_log.take_changes()]
            flush.changes += [] if self._contribution_log is None else self._contribution_log.take_changes()
            flush.changes += [change for log in self._object_logs for change in log.take_changes()]
        if self._awaiting is not None:
            flush.outputs += self._awaiting.take_outputs()
        return flush

    def take_report(self) -> IngestReport:
        """Return what happened since the last call."""
        report, self._report = self._report, IngestReport(self._model.name, self._report.partition)
        return report

    def restored_report(self) -> None:
        """Return nothing: counts are shown once, by the owner who made them."""

    def _count(self, batch: EventBatch) -> None:
        # Only counted events are activity: duplicates or bad records alone would hold back the windows of all others.
        self._panes.note_activity()
        counts = self._report.counts
        for start_s, cells in self._counter.count(batch.events, batch.times_s):
            self._panes.add(start_s, cells)
            self._counter.tally(cells, counts.decisions, counts.overflow)
        if self._awaiting is not None:
            self._awaiting.add_tags(event_tags(batch.event_ids.digests))

    def _head(self) -> tuple[bytes, bytes]:
        head = _IngestHead(
            STATE_VERSION,
            self._layout_hash,
            self._admission.watermark.max_event_s,
            self._panes.first_offset,
            self._panes.log_number,
            self._policy_hash,
            self._panes.counted_since,
            self._admission.watermark.floor_s,
            self._labels_since if self._labels_since != self._panes.counted_since else None,
        )
        return _HEAD_KEY, msgspec.msgpack.encode(head)

    def _stored_head(self, encoded: bytes) -> _IngestHead:
        what = f"The state of model {self._model.name!r}"
        version = msgspec.msgpack.decode(encoded, type=VersionedHead).version
        check_state_version(version, _READABLE_VERSIONS, STATE_VERSION, what)
        return msgspec.msgpack.decode(encoded, type=_IngestHead)

    def _oldest_kept_s(self, closed_before_s: int) -> int:
        """Return the start of the oldest pane that a window, or a period that waits for its test, can still contain."""
        model = self._model
        longest_s = max((window.size_s for window in model.windows), default=0) + model.revision_s
        kept_s = int(max(longest_s, model.period_s) + model.wait_s) + model.event_time.pane_s
        return (closed_before_s - kept_s) // model.event_time.pane_s * model.event_time.pane_s

    def _follow(self, head: _IngestHead) -> CellMapping | None:
        """Continue what another policy has counted; return how its cells are mapped, None where they are the same."""
        if head.policy_hash == self._policy_hash:
            return None
        former = counting_policy(self._book, self._model.name, head.policy_hash, head.layout_hash).model
        time = former.event_time
        closed_s = Watermark(time.pane_s, time.out_of_orderness_s, head.max_event_s, head.floor_s).closed_before_s
        self._admission.watermark.floor_s = closed_s
        return mapping_between(former, self._model)
