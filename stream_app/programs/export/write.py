"""Writes the records of an export, between the two audit entries that tell of it.

Order of things: the new file, the first entry, the records, the last entry, the file's name. Whatever fails on the
way, no file is left; and no file is there whose export is in no audit log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from stream_app.edges.files.record_file import RecordFile, new_record_file
from stream_app.errors import ReplayError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.replay.export.record_table import RecordTable
from stream_app.pipeline.replay.export.selection import PublishedSelector, RawSelector, RecordSelector
from stream_app.pipeline.replay.ranges.range_replay import TimeRange
from stream_app.policy import ModelPolicy, Policy
from stream_app.programs.export.audit_trail import (
    AuditTrail,
    ExportProgress,
    ExportRequest,
    RecordKind,
    abandoned,
    begun,
    done,
)
from stream_app.programs.replay.run import ReplaySpeed, Throttle
from stream_app.programs.replay.sources import OnProgress


class RecordLog(Protocol):
    """The topic that is read, at the place where reading begins."""

    topic: str
    ends: dict[int, int]

    @property
    def partitions(self) -> list[int]:
        """All partitions, in order."""

    def n_left(self) -> int:
        """Return how many offsets are left."""

    def next_run(self, number: int) -> Batch | None:
        """Return the next records of a partition; None at its end."""


class ExportSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What was exported.

    Attributes:
        export: Id of the export, the same as in the audit.
        file: The file.
        topic: Topic that was read.
        records: Which records.
        n_records: Records in the file.
        n_read: Records that were looked at.
        n_rejected: Of these, raw records that the policy refuses: they lie in no stretch.
        n_bytes: Size of the file.
        sha256: Its SHA-256.
    """

    export: str
    file: str
    topic: str
    records: RecordKind
    n_records: int
    n_read: int
    n_rejected: int
    n_bytes: int
    sha256: str


def write_records(
    log: RecordLog,
    begins: Mapping[int, int],
    policy: Policy,
    model: ModelPolicy,
    request: ExportRequest,
    trail: AuditTrail,
    note: OnProgress,
) -> ExportSummary:
    """Write the records of a stretch of event time, partition by partition in offset order.

    Args:
        log: The topic.
        begins: Offset from which each partition is read.
        policy: The whole policy, which permits it.
        model: The model whose records are meant.
        request: What is wanted.
        trail: The audit.
        note: Told how far it is.

    Raises:
        ConfigError: the file exists or cannot be written, or the audit log cannot.
        BrokerUnavailableError: the broker went away.
        PolicyError: the published events are not of this policy.
        ReplayError: no record lies in the stretch, or one cannot stand in a table.
    """
    is_raw = request.records == "raw"
    time_range = TimeRange(request.from_s, request.to_s)
    selector: RecordSelector = RawSelector(model, time_range) if is_raw else PublishedSelector(model, time_range)
    offsets = {partition: (begins[partition], log.ends[partition]) for partition in log.partitions}
    count = ExportProgress()
    with new_record_file(request.path, request.export, request.form, RecordTable(model, is_raw=is_raw)) as file:
        try:
            trail.tell(begun(request, model.name, policy.hash(), log.topic, offsets))
            _copy(log, selector, file, count, Throttle(ReplaySpeed(rate=request.rate)), note)
            sealed = file.seal()
            trail.tell(done(request, count, sealed))
            file.keep()
        except BaseException as error:
            trail.tell_if_possible(abandoned(request, count, error))
            raise
    return ExportSummary(
        export=request.export,
        file=str(request.path),
        topic=log.topic,
        records=request.records,
        n_records=count.n_records,
        n_read=count.n_read,
        n_rejected=selector.n_rejected,
        n_bytes=sealed.n_bytes,
        sha256=sealed.sha256,
    )


def _copy(
    log: RecordLog, selector: RecordSelector, file: RecordFile, count: ExportProgress, pacer: Throttle, note: OnProgress
) -> None:
    for partition in log.partitions:
        while (batch := log.next_run(partition)) is not None:
            selected = selector.select(batch)
            file.write(selected)
            count.add(selected)
            count.n_read += len(batch)
            note(count.n_read, count.n_read + log.n_left())
            pacer.wait(count.n_read, None)
    if not count.n_records:
        raise ReplayError(
            f"No record of {log.topic} lies in that stretch of event time", action="See: fairstream replay run"
        )
