"""The file of an export: whole or not there, never over another one, and the same for the same range."""

from __future__ import annotations

import gc
import resource
from pathlib import Path
from typing import Any

import pytest

from stream_app.edges.files.record_file import Format
from stream_app.errors import BrokerUnavailableError, ConfigError, FairStreamError, ReplayError, WriteError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.records.audit import ExportEnded
from stream_app.pipeline.replay.export.audit_trail import AuditTrail
from stream_app.pipeline.replay.export.request import ExportRequest
from stream_app.programs.export.write import write_records
from tests.support.lanes.ingest_lane import NOW_S
from tests.support.record_exports import MODEL, PARTS, POLICY, Audit, InMemoryLog, export, visible


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
