"""The audit of an export of records: its entries, and the logs that every entry is appended to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from stream_app import __version__
from stream_app.errors import FairStreamError
from stream_app.pipeline.records.audit import Entry, ExportBegun, ExportEnded, Exporter, encode_entry
from stream_app.pipeline.replay.export.request import ExportProgress, ExportRequest

COMMAND = "fairstream replay export-records"

Append = Callable[[bytes], None]


@dataclass
class AuditTrail:
    """The audit logs of one export: every entry is in all of them, or there is no export.

    Attributes:
        logs: Each appends an entry durably, or raises.
    """

    logs: Sequence[Append]

    def append(self, entry: Entry) -> None:
        """Append an entry to all logs.

        Raises:
            FairStreamError: one of them does not accept it.
        """
        for append in self.logs:
            append(encode_entry(entry))

    def append_if_possible(self, entry: Entry) -> None:
        """Append an entry to every log that accepts it: the error that ended the export is reported already."""
        for append in self.logs:
            with suppress(FairStreamError):
                append(encode_entry(entry))


@dataclass(frozen=True)
class ExportOrigin:
    """Where an export comes from, for its first entry.

    Attributes:
        by: Who exports.
        model: Name of the model.
        policy_hash: Hash of the policy that permits it.
        topic: Topic that is read.
    """

    by: Exporter
    model: str
    policy_hash: str
    topic: str


def started(request: ExportRequest, origin: ExportOrigin, at: str, offsets: dict[int, tuple[int, int]]) -> ExportBegun:
    """Return the first entry of an export.

    Args:
        request: What is exported.
        origin: By whom, and from where.
        at: The current time, ISO 8601.
        offsets: By partition the first offset that is read and the one after the last.
    """
    return ExportBegun(
        export=request.export,
        at=at,
        by=origin.by,
        command=COMMAND,
        code_version=__version__,
        model=origin.model,
        policy_hash=origin.policy_hash,
        topic=origin.topic,
        records=request.records,
        from_s=request.from_s,
        to_s=request.to_s,
        offsets=offsets,
        format=request.form,
        file=str(request.path),
        reason=request.reason,
    )


def completed(request: ExportRequest, progress: ExportProgress, at: str, *, n_bytes: int, sha256: str) -> ExportEnded:
    """Return the last entry of an export whose file is complete."""
    return ExportEnded(
        export=request.export,
        at=at,
        outcome="done",
        n_records=progress.n_records,
        by_partition=progress.by_partition,
        n_bytes=n_bytes,
        sha256=sha256,
    )


def abandoned(request: ExportRequest, progress: ExportProgress, at: str, error: BaseException) -> ExportEnded:
    """Return the last entry of an export that leaves no file, with the kind of the error and no more of it."""
    return ExportEnded(
        export=request.export,
        at=at,
        outcome="abandoned",
        n_records=progress.n_records,
        by_partition=progress.by_partition,
        error=type(error).__name__,
    )
