"""What an export of records tells the audit: the entries, and the logs that take them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from stream_app import __version__
from stream_app.edges.files.audit_file import exporter
from stream_app.edges.files.record_file import FinishedFile, Format
from stream_app.errors import FairStreamError
from stream_app.pipeline.records.audit import Entry, ExportBegun, ExportEnded, PartitionRecords, encode_entry
from stream_app.pipeline.replay.export.selection import SelectedRecords

COMMAND = "fairstream replay export-records"

Append = Callable[[bytes], None]
RecordKind = Literal["pseudonymized", "raw"]


@dataclass(frozen=True)
class ExportRequest:
    """What somebody wants to have exported.

    Attributes:
        export: Id of the export.
        records: Which records.
        from_s: Start of the stretch in event time.
        to_s: Its end, not included.
        path: The file to be written.
        form: How it is written.
        reason: Why.
        rate: Most records in a second; None for as many as it can.
    """

    export: str
    records: RecordKind
    from_s: int
    to_s: int
    path: Path
    form: Format
    reason: str
    rate: float | None = None


@dataclass
class AuditTrail:
    """The audit of one export: the same entries in every log, or no export.

    Attributes:
        logs: Each appends an entry for good, or raises.
    """

    logs: Sequence[Append]

    def tell(self, entry: Entry) -> None:
        """Append an entry to all logs.

        Raises:
            FairStreamError: one of them does not take it.
        """
        for append in self.logs:
            append(encode_entry(entry))

    def tell_if_possible(self, entry: Entry) -> None:
        """Append an entry where it can be: what ended the export is told to the person already."""
        for append in self.logs:
            with suppress(FairStreamError):
                append(encode_entry(entry))


@dataclass
class ExportProgress:
    """What was read and written so far.

    Attributes:
        by_partition: Written records by partition.
        n_read: Records that were looked at.
    """

    by_partition: dict[int, PartitionRecords] = field(default_factory=dict)
    n_read: int = 0

    @property
    def n_records(self) -> int:
        """Written records of all partitions."""
        return sum(own.n for own in self.by_partition.values())

    def add(self, selected: SelectedRecords) -> None:
        """Add records that were written."""
        if len(selected):
            before = self.by_partition.get(selected.partition)
            self.by_partition[selected.partition] = PartitionRecords(
                n=len(selected) + (before.n if before else 0),
                first_offset=before.first_offset if before else selected.offsets[0],
                last_offset=selected.offsets[-1],
            )


def begun(
    request: ExportRequest, model: str, policy_hash: str, topic: str, offsets: dict[int, tuple[int, int]]
) -> ExportBegun:
    """Return the first entry of an export; ``offsets`` is what will be read of each partition."""
    return ExportBegun(
        export=request.export,
        at=_now(),
        by=exporter(),
        command=COMMAND,
        code_version=__version__,
        model=model,
        policy_hash=policy_hash,
        topic=topic,
        records=request.records,
        from_s=request.from_s,
        to_s=request.to_s,
        offsets=offsets,
        format=request.form,
        file=str(request.path),
        reason=request.reason,
    )


def done(request: ExportRequest, count: ExportProgress, sealed: FinishedFile) -> ExportEnded:
    """Return the last entry of an export whose file is whole."""
    return ExportEnded(
        export=request.export,
        at=_now(),
        outcome="done",
        n_records=count.n_records,
        by_partition=count.by_partition,
        n_bytes=sealed.n_bytes,
        sha256=sealed.sha256,
    )


def abandoned(request: ExportRequest, count: ExportProgress, error: BaseException) -> ExportEnded:
    """Return the last entry of an export that leaves no file; of the error only its kind."""
    return ExportEnded(
        export=request.export,
        at=_now(),
        outcome="abandoned",
        n_records=count.n_records,
        by_partition=count.by_partition,
        error=type(error).__name__,
    )


def _now() -> str:
    return datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds")
