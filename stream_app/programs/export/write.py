"""Writes the records of an export, between its two audit entries.

The order is: the new file, the first entry, the records, the last entry, the file's name. Whatever fails on the way, no
file is left; and there is no file whose export is in no audit log.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

from stream_app.edges.files.record_file import RecordFile, new_record_file
from stream_app.edges.host.account import exporter
from stream_app.errors import ReplayError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.replay.export.audit_trail import AuditTrail, ExportOrigin, abandoned, completed, started
from stream_app.pipeline.replay.export.record_table import RecordTable
from stream_app.pipeline.replay.export.request import ExportProgress, ExportRequest, ExportSummary
from stream_app.pipeline.replay.export.selection import PublishedSelector, RawSelector, RecordSelector, leave_out
from stream_app.pipeline.replay.model_sources import OnProgress
from stream_app.pipeline.replay.ranges.pace import ReplaySpeed
from stream_app.policy import ModelPolicy, Policy
from stream_app.programs.replay.throttle import Throttle


class RecordLog(Protocol):
    """The topic that is read, at the offsets where reading starts."""

    topic: str
    ends: dict[int, int]

    @property
    def partitions(self) -> list[int]:
        """All partitions, in order."""

    def n_left(self) -> int:
        """Return how many offsets are left to read."""

    def next_batch(self, number: int) -> Batch | None:
        """Return the next records of a partition; None at its end."""


def write_records(
    log: RecordLog,
    begins: Mapping[int, int],
    policy: Policy,
    model: ModelPolicy,
    request: ExportRequest,
    trail: AuditTrail,
    on_progress: OnProgress,
    suppressed: frozenset[str] = frozenset(),
) -> ExportSummary:
    """Write the records of a range of event time, partition by partition in offset order.

    Args:
        log: The topic.
        begins: Offset from which each partition is read.
        policy: The complete policy, which permits it.
        model: The model whose records are exported.
        request: What is exported.
        trail: The audit.
        on_progress: Called after each run of records.
        suppressed: Pseudonyms of people who were erased; events that name them are left out.

    Raises:
        ConfigError: the file exists or cannot be written, or the audit log cannot.
        BrokerUnavailableError: the broker went away.
        PolicyError: the published events are not of this policy.
        ReplayError: there is no record in the range, or one does not fit in a table.
    """
    is_raw = request.records == "raw"
    selector: RecordSelector = (RawSelector if is_raw else PublishedSelector)(model, request.time_range)
    offsets = {partition: (begins[partition], log.ends[partition]) for partition in log.partitions}
    origin = ExportOrigin(exporter(), model.name, policy.hash(), log.topic)
    progress = ExportProgress()
    with new_record_file(request.path, request.export, request.form, RecordTable(model, is_raw=is_raw)) as file:
        try:
            trail.append(started(request, origin, _now(), offsets))
            _copy(log, selector, file, progress, Throttle(ReplaySpeed(rate=request.rate)), on_progress, suppressed)
            finished = file.seal()
            trail.append(completed(request, progress, _now(), n_bytes=finished.n_bytes, sha256=finished.sha256))
            file.keep()
        except BaseException as error:
            trail.append_if_possible(abandoned(request, progress, _now(), error))
            raise
    return ExportSummary(
        export=request.export,
        file=str(request.path),
        topic=log.topic,
        records=request.records,
        n_records=progress.n_records,
        n_read=progress.n_read,
        n_rejected=selector.n_rejected,
        n_bytes=finished.n_bytes,
        sha256=finished.sha256,
    )


def _copy(
    log: RecordLog,
    selector: RecordSelector,
    file: RecordFile,
    progress: ExportProgress,
    throttle: Throttle,
    on_progress: OnProgress,
    suppressed: frozenset[str],
) -> None:
    for partition in log.partitions:
        while (batch := log.next_batch(partition)) is not None:
            selected = leave_out(selector.select(batch), suppressed)
            file.write(selected)
            progress.add(selected)
            progress.n_read += len(batch)
            on_progress(progress.n_read, progress.n_read + log.n_left())
            throttle.wait(progress.n_read, None)
    if not progress.n_records:
        raise ReplayError(
            f"{log.topic} has no record in that range of event time", action="List windows: fairstream replay run"
        )


def _now() -> str:
    return datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds")
