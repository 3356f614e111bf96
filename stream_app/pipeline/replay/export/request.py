"""An export of single records: the request, its progress, and its summary."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from stream_app.errors import ConfigError
from stream_app.pipeline.records.audit import PartitionRecords
from stream_app.pipeline.replay.export.selection import SelectedRecords
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy

RecordKind = Literal["pseudonymized", "raw"]
RecordFormat = Literal["json", "csv", "parquet"]


@dataclass(frozen=True)
class ExportRequest:
    """A request to export records.

    Attributes:
        export: Id of the export.
        records: Which records.
        from_s: Start of the range of event time.
        to_s: Its end, not included.
        path: The file to write.
        form: How it is written.
        reason: Why, for the audit.
        rate: Maximum records per second; None for as many as possible.
    """

    export: str
    records: RecordKind
    from_s: int
    to_s: int
    path: Path
    form: RecordFormat
    reason: str
    rate: float | None = None

    @property
    def time_range(self) -> TimeRange:
        """The range of event time."""
        return TimeRange(self.from_s, self.to_s)


@dataclass
class ExportProgress:
    """What was read and written so far.

    Attributes:
        by_partition: Written records by partition.
        n_read: Records that were read.
    """

    by_partition: dict[int, PartitionRecords] = field(default_factory=dict)
    n_read: int = 0

    @property
    def n_records(self) -> int:
        """Written records of all partitions."""
        return sum(records.n for records in self.by_partition.values())

    def add(self, selected: SelectedRecords) -> None:
        """Add records that were written."""
        if len(selected):
            before = self.by_partition.get(selected.partition)
            self.by_partition[selected.partition] = PartitionRecords(
                n=len(selected) + (before.n if before else 0),
                first_offset=before.first_offset if before else selected.offsets[0],
                last_offset=selected.offsets[-1],
            )


class ExportSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A completed export.

    Attributes:
        export: Id of the export, the same as in the audit.
        file: The file.
        topic: Topic that was read.
        records: Which records.
        n_records: Records in the file.
        n_read: Records that were read.
        n_rejected: Of these, raw records that the policy rejects: they have no event time.
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


def reject_unpermitted(model: ModelPolicy, records: RecordKind) -> None:
    """Reject an export that the policy does not permit; by default it permits none.

    Raises:
        ConfigError: the policy does not permit it.
    """
    if model.privacy.exportable_records not in (records, "raw"):
        raise ConfigError(
            f"The policy permits no export of {records} records of model {model.name!r}",
            action=f'The owner of the policy can permit it: privacy.exportable_records = "{records}"',
        )
