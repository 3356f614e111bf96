"""Exports of records from a topic in memory, with audit logs in memory and on disk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from stream_app.edges.files.record_file import Format
from stream_app.errors import BrokerUnavailableError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.records.audit import Entry, ExportEnded
from stream_app.pipeline.replay.export.audit_trail import Append, AuditTrail
from stream_app.pipeline.replay.export.request import ExportRequest, ExportSummary, RecordKind
from stream_app.policy import Policy, load_policy
from stream_app.programs.audit.events import append_export
from stream_app.programs.audit.places import create_log, signing_key_path
from stream_app.programs.export.write import write_records
from stream_app.settings import Settings
from tests.support.audit_logs import entries_of as entries_in
from tests.support.lanes.ingest_lane import NOW_S, encode, iso, loan

SHIPPED = load_policy("loans")
decode_entry: Callable[[bytes], Entry] = msgspec.json.Decoder(Entry).decode


def permitting(what: str) -> Policy:
    """Return the shipped policy with a permission to export records."""
    model = SHIPPED.models[0]
    privacy = msgspec.structs.replace(model.privacy, exportable_records=what)
    return msgspec.structs.replace(SHIPPED, models=(msgspec.structs.replace(model, privacy=privacy),))


POLICY = permitting("raw")
MODEL = POLICY.models[0]
PARTS = {
    0: [encode(loan(application_id=f"A{number}", ts=iso(NOW_S + number))) for number in range(5)],
    1: [encode(loan(application_id=f"B{number}", ts=iso(NOW_S + 2 * number))) for number in range(5)],
}


class InMemoryLog:
    """A topic of two partitions, read in runs of two records."""

    topic = "loan-decisions-raw"

    def __init__(self, before_run: Callable[[int], object] = lambda _: None) -> None:
        self.ends = {partition: len(values) for partition, values in PARTS.items()}
        self._positions = dict.fromkeys(PARTS, 0)
        self._before_run = before_run

    @property
    def partitions(self) -> list[int]:
        """The partitions."""
        return sorted(self.ends)

    def n_left(self) -> int:
        """Return how many records are not read yet."""
        return sum(self.ends.values()) - sum(self._positions.values())

    def next_batch(self, number: int) -> Batch | None:
        """Return the next two records of a partition; None at its end."""
        first = self._positions[number]
        self._before_run(self.n_left())
        values: list[bytes | None] = list(PARTS[number][first : first + 2])
        self._positions[number] += len(values)
        offsets = np.arange(first, first + len(values))
        stamps = np.full(len(values), NOW_S * 1000, np.int64)
        return Batch(self.topic, number, first, first + len(values), offsets, values, stamps) if values else None


class Audit:
    """An audit log in memory that accepts a limited number of entries."""

    def __init__(self, n_accepted: int = 99) -> None:
        self.entries: list[Entry] = []
        self.lines: list[bytes] = []
        self._n_accepted = n_accepted

    def append(self, line: bytes) -> None:
        """Accept an entry, or no more."""
        if len(self.entries) >= self._n_accepted:
            raise BrokerUnavailableError("The audit accepts no entry")
        self.entries.append(decode_entry(line))
        self.lines.append(line)

    @property
    def outcomes(self) -> list[str]:
        """Outcomes of the entries, in order."""
        return [entry.outcome if isinstance(entry, ExportEnded) else "begun" for entry in self.entries]


def export(
    path: Path,
    *audits: Audit,
    log: InMemoryLog | None = None,
    form: Format = "json",
    records: RecordKind = "raw",
    to_s: int = NOW_S + 100,
) -> ExportSummary:
    """Export the records and return the summary."""
    request = ExportRequest(
        export="e1", records=records, from_s=NOW_S, to_s=to_s, path=path, form=form, reason="case 12"
    )
    settings = Settings(state_dir=str(path.parent / "state"))
    if not signing_key_path(settings).exists():
        create_log(settings, "tests/audit")
    appends: list[Append] = [partial(append_export, settings), *(audit.append for audit in audits)]
    return write_records(
        log or InMemoryLog(), {0: 0, 1: 0}, POLICY, MODEL, request, AuditTrail(appends), lambda *_: None
    )


def entries_of(folder: Path) -> list[dict[str, Any]]:
    """Return the facts of each entry in the audit log, with its type."""
    kinds = ("export-begun", "export-ended")
    return [{"event": entry.type, **entry.data} for entry in entries_in(folder / "state", *kinds)]


def visible(folder: Path) -> set[str]:
    """Return the names of the files beside the state folder."""
    return {path.name for path in folder.iterdir() if path.name != "state"}
