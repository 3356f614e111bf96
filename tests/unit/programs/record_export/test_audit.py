"""An export of records and its audit: the entry before the records, and no file without both entries."""

from __future__ import annotations

import hashlib
import json
import re
import stat
from pathlib import Path

import pytest

from stream_app.errors import BrokerUnavailableError, ConfigError
from stream_app.pipeline.records.audit import ExportBegun, ExportEnded
from stream_app.pipeline.replay.export.request import RecordKind, reject_unpermitted
from tests.support.lanes.ingest_lane import NOW_S
from tests.support.record_exports import PARTS, POLICY, Audit, InMemoryLog, entries_of, export, permitting, visible


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
