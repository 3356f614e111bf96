"""Writes a run of records and the position after it in one transaction: a crash loses and doubles nothing.

Every row has a key that follows from its record, so records that are read again change nothing. The position is
compared with the one from which the run was read: two processes on one database, or a rebuild, cannot interleave. An
alert opens its case in the same transaction; cases stay when the rest is emptied. The counts of dead letters and late
decisions have no such key: the position alone keeps them right.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from django.db import transaction

from stream_app.edges.kafka.readers.live_results import has_possible_times
from stream_app.edges.kafka.readers.resumed_records import Position, Run, StoredRecord
from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.disclosure.shown import disclose_window, smallest_groups, smallest_groups_of_records
from stream_app.pipeline.records.alerts import Alert, MonitoringRestart, SealedAlert, decode_alert_record
from stream_app.pipeline.records.outcome_results import decode_tested_result
from stream_app.pipeline.records.results import TOTAL_WINDOW, Result
from stream_app.policy import Policy
from stream_app.topics import CAMERA_AGGREGATES, FAIRNESS_ALERTS, FAIRNESS_RESULTS
from stream_app.web_app.cases.opening import CaseAlertFacts, note_alert
from stream_app.web_app.history.keeping import SHIPPED, Keeping
from stream_app.web_app.history.models import ShownModel
from stream_app.web_app.history.shown_models import note_models
from stream_app.web_app.history.thinning import thin_after
from stream_app.web_app.projection.alert_bodies import encode_body, notice_of
from stream_app.web_app.projection.camera_windows import write_aggregate
from stream_app.web_app.projection.models import (
    MAX_WINDOW_NAME,
    NAME_LENGTH,
    AlertRow,
    CameraWindow,
    Reading,
    RecordCount,
    TopicPartition,
    Verdict,
    WindowRow,
)
from stream_app.web_app.projection.record_counts import QUALITY_TOPICS, write_counts
from stream_app.web_app.projection.verdicts import VerdictKeeper

_MAX_INT = 2**31 - 1
_ALERT_ID = re.compile(r"[0-9a-f]{12}")

TOPICS = (FAIRNESS_RESULTS, FAIRNESS_ALERTS)
CAMERA_TOPICS = (CAMERA_AGGREGATES,)


class PositionMovedError(Exception):
    """Another process has stored this run, or the projection was emptied: read on from what is stored."""


class _Run(threading.local):
    """What is known of the run that a thread stores: the topics are read side by side."""

    def __init__(self) -> None:
        self.smallest: dict[str, int] = {}  # k by model


class Store:
    """Stores disclosed records.

    Args:
        policy: Says how few decisions a shown group of each model may have, and which window is its smallest.
        keeping: What is kept of old results.
    """

    def __init__(self, policy: Policy, keeping: Keeping = SHIPPED) -> None:
        self._keeping, self._run = keeping, _Run()
        self._k_of = smallest_groups_of_records(policy)
        self._verdicts = VerdictKeeper(policy)
        self._write: dict[str, Callable[[StoredRecord], bool]] = {
            FAIRNESS_RESULTS: self._write_result,
            FAIRNESS_ALERTS: self._write_alert,
            CAMERA_AGGREGATES: lambda record: write_aggregate(record, keeping),
        }

    def apply(self, topic: str, before: Position | None, run: Run) -> None:
        """Store a run and the position after it.

        Args:
            topic: The topic.
            before: The stored position from which it was read; None where none was stored.
            run: The records.

        Raises:
            PositionMovedError: the stored position is another one by now.
        """
        with transaction.atomic():
            row = TopicPartition.objects.select_for_update().filter(topic=topic, partition=run.partition).first()
            if (None if row is None else Position(row.topic_id, row.next_offset)) != before:
                raise PositionMovedError
            self._run.smallest.clear()
            n_unreadable = self._write_run(topic, run.records)
            note_models(self._run.smallest)
            TopicPartition.objects.update_or_create(topic=topic, partition=run.partition, defaults=run.after._asdict())
            if n_unreadable:
                reading, _ = Reading.objects.select_for_update().get_or_create(topic=topic)
                reading.n_unreadable += n_unreadable
                reading.save(update_fields=["n_unreadable"])

    def _write_run(self, topic: str, records: Iterable[StoredRecord]) -> int:
        """Store records, and return how many could not be read."""
        if topic in QUALITY_TOPICS:
            return write_counts(topic, records, self._keeping)
        write = self._write[topic]
        return sum(not write(record) for record in records)

    def _note_model(self, model: str, k: int) -> None:
        self._run.smallest[model] = min(k, self._run.smallest.get(model, k))

    def _write_result(self, record: StoredRecord) -> bool:
        try:
            result = decode_tested_result(record.value)
        except msgspec.MsgspecError:
            return False
        if result is None:
            return True  # about outcomes or hours of areas, which are not shown yet
        if not has_possible_times(result) or not _fits(result):
            return False
        k = self._k_of(result)
        disclosed = disclose_window(result, k)
        body = msgspec.json.encode(disclosed)
        key: dict[str, Any] = {"model": result.model, "attribute": result.attribute, "window": result.window}
        end_s = 0 if result.window == TOTAL_WINDOW else result.end_s
        of_series = WindowRow.objects.filter(**key)
        known = of_series.only("end_s", "order_s", "revision")
        newest = known.order_by("-end_s").first()
        is_newest = newest is None or newest.end_s <= end_s
        stored = newest if newest is not None and newest.end_s == end_s else None
        if not is_newest:
            stored = known.filter(end_s=end_s).first()
        if stored is not None and (stored.order_s, stored.revision) > (result.end_s, result.revision):
            return True
        values: dict[str, Any] = {
            "order_s": result.end_s,
            "revision": result.revision,
            "state": str(disclosed.state),
            "k": k,
        }
        row = WindowRow(pk=None if stored is None else stored.pk, **key, end_s=end_s, **values, body=body)
        row.save(force_insert=stored is None, force_update=stored is not None)
        self._note_model(result.model, k)
        received_s = record.timestamp_ms // 1000
        self._verdicts.note(disclosed, body, received_s=received_s)
        if newest is not None and end_s:
            thin_after(of_series, end_s, newest.end_s, received_s, self._keeping)
        return True

    def _write_alert(self, record: StoredRecord) -> bool:
        try:
            alert = decode_alert_record(record.value)
        except msgspec.MsgspecError:
            return False
        if isinstance(alert, MonitoringRestart):
            return True
        if not has_possible_times(alert) or not _is_name(alert.model):
            return False
        if isinstance(alert, SealedAlert):
            return self._write_sealed(alert)
        if not _is_name(alert.attribute):
            return False
        k = self._k_of(alert)
        self._save_alert(alert, alert.at_s, k=k, attribute=alert.attribute, body=encode_body(disclose_alert(alert, k)))
        return True

    def _write_sealed(self, alert: SealedAlert) -> bool:
        if alert.change == "restart":
            return True
        if alert.at_s is None or not _ALERT_ID.fullmatch(alert.id):
            return False
        self._save_alert(alert, alert.at_s, k=_MAX_INT, is_sealed=True, body=encode_body(notice_of(alert)))
        return True

    def _save_alert(self, alert: Alert | SealedAlert, at_s: int, **values: Any) -> None:
        self._note_model(alert.model, values["k"])
        values |= {"model": alert.model, "change": alert.change, "at_s": at_s}
        AlertRow.every_alert.update_or_create(id=alert.id, defaults=values)
        attribute = None if isinstance(alert, SealedAlert) else alert.attribute
        note_alert(CaseAlertFacts(alert.id, alert.model, attribute, alert.change, at_s))


def _fits(result: Result) -> bool:
    """Return whether the identity of a result is one that a judge can have written."""
    return (
        _is_name(result.model)
        and _is_name(result.attribute)
        and _is_name(result.window, MAX_WINDOW_NAME)
        and 0 <= result.revision <= _MAX_INT
    )


def _is_name(text: str, most: int = NAME_LENGTH) -> bool:
    return len(text) <= most and "\0" not in text  # which PostgreSQL cannot store


def topics_of(policy: Policy) -> tuple[str, ...]:
    """Return the topics that are read under a policy: those of cameras exist only where it has some."""
    has_cameras = any(model.kind == "counts" for model in policy.models)
    return (*TOPICS, *QUALITY_TOPICS, *(CAMERA_TOPICS if has_cameras else ()))


def stored_positions(topic: str) -> dict[int, Position]:
    """Return the stored position of each partition of a topic."""
    rows = TopicPartition.objects.filter(topic=topic)
    return {row.partition: Position(row.topic_id, row.next_offset) for row in rows}


def models_disclosed_below(policy: Policy) -> list[tuple[str, int, int]]:
    """Return the models whose stored rows show smaller groups than the policy permits now: name, stored k, k."""
    k_of = smallest_groups(policy)
    rows = ShownModel.objects.order_by("model")
    return [(row.model, row.k, k_of(row.model)) for row in rows if row.k < k_of(row.model)]


def empty() -> None:
    """Delete everything that was read, with its positions: it is read again from the topics."""
    with transaction.atomic():
        for table in (TopicPartition, Reading, WindowRow, Verdict, ShownModel, RecordCount, CameraWindow):
            table.objects.all().delete()
        AlertRow.every_alert.all().delete()
