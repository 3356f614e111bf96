"""What a step has written, apart from the runs and transactions in which it wrote it.

Partials are absolute counts, so the last word about each pane counts; join records are columns of rows; a compacted
topic keeps the newest result of each key; the journal lists moves of event time; alerts are in order within a model.
Which running totals and revisions readers see depends on the flushes in which they were judged, which the journal has.
All else is compared record by record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import numpy as np

from stream_app.core.join.join_records import JoinDecisions, decode_rows
from stream_app.core.windows.partials import Partial, decode_partial
from stream_app.pipeline.records.journal import decode_journal_entry
from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_JOURNAL, FAIRNESS_PARTIALS, FAIRNESS_RESULTS
from tests.support.contracts.step_cases import JOIN_TOPIC
from tests.support.contracts.step_lane import Written

Content = dict[str, Any]


def content_of(written: Iterable[Written]) -> Content:
    """Return the content of every topic."""
    topics: dict[str, list[Written]] = defaultdict(list)
    for record in written:
        topics[record.topic].append(record)
    readers = {
        FAIRNESS_PARTIALS: _panes,
        JOIN_TOPIC: _rows,
        FAIRNESS_RESULTS: _newest,
        FAIRNESS_JOURNAL: _moves,
        FAIRNESS_ALERTS: _alerts_by_model,
    }
    return {topic: readers.get(topic, list)(records) for topic, records in topics.items()}


def partials_of(written: Iterable[Written]) -> list[Partial]:
    """Return the partials among some records."""
    return [decode_partial(record.value or b"") for record in written if record.topic == FAIRNESS_PARTIALS]


def _panes(records: list[Written]) -> Any:
    partials = partials_of(records)
    panes: dict[int, dict[int, list[int]]] = {}
    for pane in (pane for partial in partials for pane in partial.panes):
        panes.setdefault(pane.start_s, {}).update(pane.cells)
    last = partials[-1]
    return panes, last.closed_before_s, last.max_event_s, last.next_offset


def _rows(records: list[Written]) -> Any:
    rows: dict[str, list[Any]] = {"decisions": [], "outcomes": []}
    for record in records:
        columns = decode_rows(record.value or b"")
        if isinstance(columns, JoinDecisions):
            rows["decisions"] += _zipped([(columns.tags, "u8"), (columns.cells, "u4"), (columns.scores, "i4")])
        else:
            columns_of = [
                (columns.times_s, "u4"),
                (columns.is_favorable, "u1"),
                *((tags, "u8") for tags in columns.tags),
            ]
            rows["outcomes"] += _zipped(columns_of)
    return rows


def _zipped(columns: Iterable[tuple[bytes, str]]) -> Iterator[tuple[Any, ...]]:
    return zip(*(np.frombuffer(data, kind).tolist() for data, kind in columns), strict=True)


def _newest(records: list[Written]) -> Any:
    results = {record.key: msgspec.json.decode(record.value or b"") for record in records}
    for result in results.values():
        if result["window"] == TOTAL_WINDOW:
            del result["offsets"]  # those of the flush in which the totals last changed
        if result["window"] == TOTAL_WINDOW or result["revision"]:
            result.pop("withheld", None)  # which of several totals or revisions are shown: those of some flush
    return results


def _moves(records: list[Written]) -> Any:
    moves: dict[str, list[Any]] = {}
    for record in records:
        entry = decode_journal_entry(record.value or b"")
        moves.setdefault(entry.model, []).extend(entry.advances)
    return moves


def _alerts_by_model(records: list[Written]) -> Any:
    alerts: dict[str, list[Any]] = {}
    for record in records:
        alert = msgspec.json.decode(record.value or b"")
        alerts.setdefault(alert["model"], []).append(alert)
    return alerts
