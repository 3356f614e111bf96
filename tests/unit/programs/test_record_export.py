"""An export of records and its audit: the entry before the records, and no file without both entries."""

from __future__ import annotations

import gc
import hashlib
import json
import re
import resource
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from stream_app.edges.files.record_file import Format
from stream_app.errors import BrokerUnavailableError, ConfigError, FairStreamError, ReplayError, WriteError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.records.audit import Entry, ExportBegun, ExportEnded
from stream_app.pipeline.replay.export.audit_trail import Append, AuditTrail
from stream_app.pipeline.replay.export.request import ExportRequest, ExportSummary, RecordKind, reject_unpermitted
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
        return sorted(self.ends)

    def n_left(self) -> int:
        return sum(self.ends.values()) - sum(self._positions.values())

    def next_batch(self, number: int) -> Batch | None:
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
        if len(self.entries) >= self._n_accepted:
            raise BrokerUnavailableError("The audit accepts no entry")
        self.entries.append(decode_entry(line))
        self.lines.append(line)

    @property
    def outcomes(self) -> list[str]:
        return [entry.outcome if isinstance(entry, ExportEnded) else "begun" for entry in self.entries]


def export(
    path: Path,
    *audits: Audit,
    log: InMemoryLog | None = None,
    form: Format = "json",
    records: RecordKind = "raw",
    to_s: int = NOW_S + 100,
) -> ExportSummary:
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
    return {path.name for path in folder.iterdir() if path.name != "state"}


@pytest.mark.parametrize(
    ("permitted", "records"), [("none", "pseudonymized"), ("none", "raw"), ("pseudonymized", "raw")]
)
def test_an_export_that_the_policy_does_not_permit_is_rejected_with_the_missing_permission(
    permitted: str, records: RecordKind
) -> None:
    with pytest.raises(ConfigError, match=rf'no export of {records} .*exportable_records = "{records}"'):
        reject_unpermitted(permitting(permitted).models[0], records)


@pytest.mark.parametrize(
    ("permitted", "records"), [("pseudonymized", "pseudonymized"), ("raw", "pseudonymized"), ("raw", "raw")]
)
def test_a_permission_for_raw_records_includes_pseudonymized_ones(permitted: str, records: RecordKind) -> None:
    reject_unpermitted(permitting(permitted).models[0], records)


def test_an_export_contains_the_records_and_both_audits_record_it(tmp_path: Path) -> None:
    audit = Audit()
    path = tmp_path / "out.jsonl"
    exported = export(path, audit, to_s=NOW_S + 4)
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [(line["partition"], line["offset"]) for line in lines] == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1)]
    assert [line["record"] for line in lines] == [json.loads(value) for value in PARTS[0][:4] + PARTS[1][:2]]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert visible(tmp_path) == {"out.jsonl"}
    assert [entry["sha256_record"] for entry in entries_of(tmp_path)] == [
        hashlib.sha256(line).hexdigest() for line in audit.lines
    ]
    assert [(entry["event"], entry["export"]) for entry in entries_of(tmp_path)] == [
        ("export-begun", "e1"),
        ("export-ended", "e1"),
    ]
    begun, ended = audit.entries
    assert isinstance(begun, ExportBegun)
    assert (begun.reason, begun.topic, begun.records, begun.policy_hash) == (
        "case 12", "loan-decisions-raw", "raw", POLICY.hash()
    )  # fmt: skip
    assert (begun.from_s, begun.to_s, begun.offsets) == (NOW_S, NOW_S + 4, {0: (0, 5), 1: (0, 5)})
    assert isinstance(ended, ExportEnded)
    assert ended.sha256 == exported.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (ended.n_records, ended.n_bytes) == (exported.n_records, path.stat().st_size) == (6, exported.n_bytes)
    assert {p: (part.n, part.first_offset, part.last_offset) for p, part in ended.by_partition.items()} == {
        0: (4, 0, 3),
        1: (2, 0, 1),
    }


def test_the_audit_contains_nothing_of_the_records(tmp_path: Path) -> None:
    export(tmp_path / "out.jsonl")
    text = json.dumps(entries_of(tmp_path))
    assert '"reason": "case 12"' in text
    words = set(re.findall(r"[\w.-]+", text))  # not parts of a time or digest
    assert not words & {"A1", "B1", "female", "700"}
    assert not any(word.startswith("P-1") for word in words)


def test_the_first_entry_is_there_before_the_first_record_is_read(tmp_path: Path) -> None:
    audit = Audit()
    seen: list[list[str]] = []
    export(tmp_path / "out.jsonl", audit, log=InMemoryLog(lambda _: seen.append(audit.outcomes)))
    assert seen[0] == ["begun"]


def test_without_the_first_entry_no_record_is_read_and_no_file_is_left(tmp_path: Path) -> None:
    read: list[int] = []
    with pytest.raises(BrokerUnavailableError):
        export(tmp_path / "out.jsonl", Audit(n_accepted=0), log=InMemoryLog(read.append))
    assert (read, visible(tmp_path)) == ([], set())
    assert [entry["event"] for entry in entries_of(tmp_path)] == ["export-begun", "export-ended"]


def test_without_the_last_entry_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BrokerUnavailableError):
        export(tmp_path / "out.jsonl", Audit(n_accepted=1))
    assert visible(tmp_path) == set()
    last = entries_of(tmp_path)[-1]
    assert (last["outcome"], last["error"], "sha256" in last) == ("abandoned", "BrokerUnavailableError", False)


@pytest.mark.parametrize("form", ["json", "csv", "parquet"])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), BrokerUnavailableError("away"), MemoryError()])
def test_an_export_that_fails_leaves_no_file_and_is_recorded_as_abandoned(
    tmp_path: Path, error: BaseException, form: Format
) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    audit = Audit()

    def break_off(n_left: int) -> None:
        if n_left < 5:
            raise error

    with pytest.raises(type(error)):
        export(tmp_path / "out", audit, log=InMemoryLog(break_off), form=form)
    gc.collect()  # a writer that is not closed would warn now
    assert visible(tmp_path) == set()
    assert audit.outcomes == ["begun", "abandoned"]
    ended = audit.entries[-1]
    assert isinstance(ended, ExportEnded)
    assert (ended.n_records, ended.error) == (7, type(error).__name__)


def test_the_file_has_another_name_while_it_is_written(tmp_path: Path) -> None:
    seen: list[set[str]] = []
    export(tmp_path / "out.jsonl", log=InMemoryLog(lambda _: seen.append(visible(tmp_path))))
    assert {frozenset(names) for names in seen} == {frozenset({".out.jsonl.e1.part"})}
    assert visible(tmp_path) == {"out.jsonl"}


def test_nothing_is_overwritten_and_no_link_is_followed(tmp_path: Path) -> None:
    there, link = tmp_path / "out.jsonl", tmp_path / "link"
    there.write_text("mine", "utf-8")
    link.symlink_to(tmp_path / "nowhere")
    for path in (there, link):
        with pytest.raises(ConfigError, match="exists already"):
            export(path)
    assert there.read_text("utf-8") == "mine"
    assert visible(tmp_path) == {"out.jsonl", "link"}
    assert not (tmp_path / "state" / "audit" / "checkpoints.jsonl").exists()


def test_a_file_that_was_made_meanwhile_stays_and_the_export_is_abandoned(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    audit = Audit()
    with pytest.raises(ConfigError, match="exists already"):
        export(path, audit, log=InMemoryLog(lambda _: path.write_bytes(b"mine")))
    assert path.read_text("utf-8") == "mine"
    assert audit.outcomes == ["begun", "done", "abandoned"]
    assert visible(tmp_path) == {"out.jsonl"}


def test_a_folder_that_is_not_there_is_an_error_before_the_audit(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="Cannot write"):
        write_records(
            InMemoryLog(), {0: 0, 1: 0}, POLICY, MODEL,
            ExportRequest("e1", "raw", NOW_S, NOW_S + 1, tmp_path / "no" / "out", "json", "case"),
            AuditTrail([Audit(0).append]),
            lambda *_: None,
        )  # fmt: skip


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_a_disk_that_is_full_is_an_error_and_leaves_no_file(tmp_path: Path, form: Format) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    audit = Audit()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))  # enough for the audit, not for the records
    try:
        with pytest.raises(WriteError, match="Cannot write"):
            export(tmp_path / "out", audit, form=form)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    gc.collect()  # a writer that is not closed would warn now
    assert visible(tmp_path) == set()
    assert audit.outcomes == ["begun", "abandoned"]


def test_a_range_without_records_leaves_no_file(tmp_path: Path) -> None:
    audit = Audit()
    with pytest.raises(ReplayError, match="loan-decisions-raw has no record"):
        export(tmp_path / "out.jsonl", audit, to_s=NOW_S - 1)
    assert (visible(tmp_path), audit.outcomes) == (set(), ["begun", "abandoned"])


def test_events_of_another_policy_abort_an_export(tmp_path: Path) -> None:
    class Strange(InMemoryLog):
        def next_batch(self, number: int) -> Batch | None:
            batch = super().next_batch(number)
            return batch and Batch(
                batch.topic, number, batch.first_offset, batch.next_offset, batch.offsets,
                [b'{"other":1}'] * len(batch), batch.timestamps_ms,
            )  # fmt: skip

    with pytest.raises(FairStreamError, match="does not fit the events"):
        export(tmp_path / "out.jsonl", log=Strange(), records="pseudonymized")
    assert visible(tmp_path) == set()


def test_the_same_range_gives_the_same_file_again(tmp_path: Path) -> None:
    forms: tuple[Format, ...] = ("json", "csv")
    for form in forms:
        first, second = (export(tmp_path / f"{form}{number}", form=form) for number in (1, 2))
        assert first.sha256 == second.sha256


def test_parquet_contains_the_bytes_and_the_typed_fields(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    export(tmp_path / "out.parquet", form="parquet")
    table = parquet.read_table(tmp_path / "out.parquet")
    assert table.column("record").to_pylist() == PARTS[0] + PARTS[1]
    assert table.column("record.credit_score").to_pylist() == [700.0] * 10
    assert table.column("partition").to_pylist() == [0] * 5 + [1] * 5
    types: dict[str, Any] = {field.name: str(field.type) for field in table.schema}
    assert (types["offset"], types["record.approved"], types["record.applicant_id"]) == ("int64", "bool", "string")
