"""Ingest with its surroundings in memory: the changelog topic, the topics it writes, and a source log to read.

The engine (``stream_app.edges.lanes``) does the same with Kafka: batches in, then a flush whose changes go into the
state; a restart begins with that state and nothing else.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from stream_app.core.events.formats.texts import RecordHeaders
from stream_app.core.events.formats.wire import WriterSchemas
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.partials import Partial, decode_partial
from stream_app.pipeline.contract import Batch, Flush, Outputs, RecordRange
from stream_app.pipeline.ingest.report import IngestCounts
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.ingest.tags.anomalies import AnomalyScorer
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy, load_policy
from stream_app.topics import DEAD_LETTERS, FAIRNESS_PARTIALS, LATE_DECISIONS
from tests.support.lanes.books import book_of
from tests.support.lanes.pane_sums import panes_of, sum_by_labels

NOW_S = 1_790_000_000  # event time and broker time of most records: 2026-09-21T14:13:20Z, the start of a pane
KEYS = (RootKey("abcdefgh", 0, b"k" * 32),)
LOANS = load_policy("loans").models[0]
CAMERA = load_policy("camera").models[0]

State = dict[bytes, bytes]


def iso(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat()


def loan(**changes: Any) -> dict[str, Any]:
    """Return a record of the shipped policy ``loans``; ``...`` removes a field."""
    record = {
        "application_id": "A-1",
        "applicant_id": "P-1",
        "ts": iso(NOW_S),
        "gender": "female",
        "race": "asian",
        "age_band": "18-29",
        "region": "north",
        "product": "auto",
        "credit_score": 700,
        "approved": True,
    }
    return _changed(record, changes)


def track(**changes: Any) -> dict[str, Any]:
    """Return a record of the shipped policy ``camera``; ``...`` removes a field."""
    record = {
        "track_id": "T-1",
        "person_id": "P-1",
        "ts": iso(NOW_S),
        "site": "harbour",
        "zone": "hall",
        "class": "person",
        "dwell_s": 1.5,
        "bbox": {"left": 0.1, "top": 0.2, "right": 0.3, "bottom": 0.4},
    }
    return _changed(record, changes)


def encode(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode()


def _changed(record: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (record | changes).items() if value is not ...}


@dataclass
class IngestLane:
    """A lane of ingest.

    Attributes:
        written: Key and value of every record, by topic, in the order of writing.
        registered: Every policy with which the lane was started.
        is_recount: Whether a changed policy counts the records of ``log`` again.
        begin: First offset that is retained.
        recounted: What was counted again, one range for each time.
        log: Every batch that was fed.
        schemas: What is added to each batch.
        suppressed: Pseudonyms of people who were erased.
        scorer: Scores the events of a policy with anomalies.
        flushed: The panes of each flush: absolute counts by start of the pane.
    """

    model: ModelPolicy = LOANS
    keys: tuple[RootKey, ...] = KEYS
    partition: int = 0
    state: State = field(default_factory=dict)
    next_offset: int = 0
    log_number: int = 0
    written: dict[str, list[tuple[bytes | None, bytes | None]]] = field(default_factory=lambda: defaultdict(list))
    counted: dict[int, Cells] = field(default_factory=dict)
    partials: list[Partial] = field(default_factory=list)
    counts: IngestCounts = field(default_factory=IngestCounts)
    registered: list[ModelPolicy] = field(default_factory=list)
    is_recount: bool = False
    begin: int = 0
    recounted: list[RecordRange] = field(default_factory=list)
    log: list[Batch] = field(default_factory=list)
    schemas: WriterSchemas | None = None
    suppressed: frozenset[str] = frozenset()
    scorer: AnomalyScorer | None = None

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Restart from the state, as after a crash right after a commit."""
        self.registered.append(self.model)
        book = book_of(*self.registered, is_recount=self.is_recount)
        topology = Topology({self.model.topic: 4})
        self.step = IngestStep(self.model, self.keys, self.partition, topology, book, self.suppressed, self.scorer)
        self.step.restore(self.state, self.next_offset, self.log_number)
        self._count_again()

    def begin_log(self) -> None:
        """Restart in a source that was created again."""
        self.next_offset, self.log_number, self.log = 0, self.log_number + 1, []
        self.restart()

    def feed(
        self,
        values: Iterable[bytes | None],
        broker_s: Iterable[float] | float = NOW_S,
        headers: Iterable[RecordHeaders] | None = None,
    ) -> list[Outputs]:
        """Process one batch of records with these broker timestamps."""
        values = list(values)
        n, first = len(values), self.next_offset
        times_s = np.broadcast_to(np.array(broker_s, np.float64), n)
        offsets = np.arange(first, first + n)
        self.next_offset += n
        batch = Batch(
            self.model.topic, self.partition, first, first + n, offsets, values, (times_s * 1000).astype(np.int64)
        )
        batch.schemas, batch.headers = self.schemas, None if headers is None else list(headers)
        outputs = list(self.step.step(batch))
        self.log.append(batch)
        self._write(outputs)
        return outputs

    def flush(self, now_s: float = NOW_S, *, is_caught_up: bool = True) -> Flush:
        """End a transaction."""
        flush = self.step.flush(now_s, is_caught_up=is_caught_up)
        for key, value in flush.changes:
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        self._write(flush.outputs)
        partials = [run for run in flush.outputs if run.topic == FAIRNESS_PARTIALS]
        self._take_over([decode_partial(value or b"") for run in partials for value in run.values])
        self._add_counts(self.step.take_report().counts)
        return flush

    @property
    def reasons(self) -> list[str]:
        """Reason of each dead letter."""
        return [letter["reason"] for letter in self.read(DEAD_LETTERS)]

    @property
    def late(self) -> list[dict[str, Any]]:
        """Notices of late events."""
        return self.read(LATE_DECISIONS)

    @property
    def events(self) -> list[dict[str, Any]]:
        """What was published."""
        return self.read(self.model.output_topic or "")

    @property
    def n_counted(self) -> int:
        """Number of events in the partial counts."""
        return sum(vector[0] for cells in self.counted.values() for vector in cells.values())

    def read(self, topic: str) -> list[dict[str, Any]]:
        return [json.loads(value or b"") for _, value in self.written[topic]]

    def labels(self) -> dict[tuple[str, ...], list[int]]:
        """Return the sum over all panes, by labels."""
        return sum_by_labels(layout_of(self.model), self.counted.values())

    def everything(self) -> bytes:
        """Return every byte that left the lane: outputs with keys, and state."""
        records = [part or b"" for records in self.written.values() for record in records for part in record]
        return b"\n".join([*records, *self.state, *self.state.values()])

    def _count_again(self) -> None:
        recounted = self.step.begin_recount(self.begin, self.next_offset)
        if recounted is None:
            return
        for batch in self.log:
            if recounted.first_offset < batch.next_offset and batch.first_offset < recounted.next_offset:
                self.step.recount(batch.since(recounted.first_offset))
        self.step.end_recount()
        self.recounted.append(recounted)

    def _write(self, outputs: Iterable[Outputs]) -> None:
        for run in outputs:
            self.written[run.topic] += zip(run.keys, run.values, strict=True)

    def _take_over(self, parts: list[Partial]) -> None:
        self.partials += parts
        self.counted |= panes_of(parts)  # absolute counts replace earlier ones

    def _add_counts(self, more: IngestCounts) -> None:
        for name in (
            "decisions",
            "dead_letters",
            "overflow",
            "dropped",
            "n_late",
            "n_duplicates",
            "n_bounded",
            "n_tombstones",
            "anomalies",
        ):
            setattr(self.counts, name, getattr(self.counts, name) + getattr(more, name))
