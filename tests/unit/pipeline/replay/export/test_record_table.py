"""Records as JSON lines and as tables: every byte in the former, no formula in the latter."""

from __future__ import annotations

import base64
import csv
import io
import json
from typing import Any

import pytest

from stream_app.errors import ReplayError
from stream_app.pipeline.replay.export.record_table import RecordTable, json_lines
from stream_app.pipeline.replay.export.selection import SelectedRecords
from stream_app.policy import parse_policy

POLICY = """
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = { path = "id", link_domain = "case" }
identifiers = [{ path = "person.id", link_domain = "person", canonical = "text-or-integer" }]
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t", format = "epoch_s" }
attributes = [{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }]
features = [{ name = "gap", path = "numbers.gap", minimum = -10, maximum = 10, is_required = false }]
boxes = [{ path = "bbox" }]
keep = ["note"]
drop = ["plate"]
unknown_fields = "drop"
"""
MODEL = parse_policy(POLICY).models[0]
RECORD: dict[str, Any] = {
    "id": "=cmd|' /C calc'!A0",
    "person": {"id": 7, "name": "@SUM(A1)"},
    "ok": True,
    "t": 1.5,
    "sex": "＝1+1",
    "numbers": {"gap": -3.5},
    "bbox": {"left": 0.1, "top": 0.2, "right": 0.3, "bottom": 0.4},
    "note": "a\r=1+1\n+2",
    "plate": ["-1", 2],
}


def selected(*values: bytes) -> SelectedRecords:
    return SelectedRecords(2, list(range(10, 10 + len(values))), [1000 + n for n in range(len(values))], list(values))


def csv_rows(table: RecordTable, *records: dict[str, Any]) -> list[dict[str, str]]:
    text = (
        table.csv_header() + table.csv_rows(selected(*(json.dumps(record).encode() for record in records)))
    ).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_json_line_contains_the_unchanged_bytes_of_its_record() -> None:
    value = b'{ "id" : "1.50",\t"x":1.50e0, "name":"\\u00e4\xc3\xa4" }'
    assert json_lines(selected(value)) == b'{"partition":2,"offset":10,"timestamp_ms":1000,"record":' + value + b"}\n"


@pytest.mark.parametrize("value", [b'{"a":1,\n"b":2}', b'{"a":1}\r', b'{"a":"\xff"}', b'{"a":1e400}', b"null", b"{"])
def test_a_record_that_is_not_one_readable_line_is_written_as_base64(value: bytes) -> None:
    [line] = json_lines(selected(value)).splitlines()
    assert base64.b64decode(json.loads(line)["record_base64"]) == value


def test_no_cell_of_a_table_is_taken_for_a_formula_and_numbers_stay_numbers() -> None:
    [row] = csv_rows(RecordTable(MODEL, is_raw=True), RECORD)
    assert row["record.id"] == "'=cmd|' /C calc'!A0"
    assert row["record.sex"] == "'＝1+1"
    assert row["record.numbers.gap"] == "-3.5"
    assert (row["record.person.id"], row["record.ok"]) == ("7", "true")
    assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in row.values())


def test_a_line_break_in_a_cell_starts_no_row() -> None:
    table = RecordTable(MODEL, is_raw=True)
    text = table.csv_rows(selected(json.dumps(RECORD).encode())).decode()
    assert '"a\r=1+1\n+2"' in text  # quoted: a bare CR would end the row for a spreadsheet
    assert len(csv_rows(table, RECORD, RECORD)) == 2


def test_nested_fields_have_dotted_names_and_undeclared_fields_are_kept_as_json() -> None:
    [row] = csv_rows(RecordTable(MODEL, is_raw=True), RECORD)
    assert (row["record.bbox.left"], row["record.bbox.bottom"]) == ("0.1", "0.4")
    assert row["record.plate"] == '["-1",2]'
    assert json.loads(row["undeclared"]) == {"person": {"name": "@SUM(A1)"}}


def test_a_key_with_a_dot_cannot_pass_for_a_declared_field() -> None:
    spoof = RECORD | {"person.id": "other", "record": {"id": "x"}, "offset": 5}
    [row] = csv_rows(RecordTable(MODEL, is_raw=True), spoof)
    assert (row["record.person.id"], row["offset"]) == ("7", "10")
    assert json.loads(row["undeclared"])["person.id"] == "other"


def test_absent_and_null_fields_are_empty_cells() -> None:
    [row] = csv_rows(RecordTable(MODEL, is_raw=True), {"id": "1", "person": None, "ok": False, "t": 1, "sex": None})
    assert {row["record.person.id"], row["record.sex"], row["record.note"], row["record.bbox.left"]} == {""}


def test_published_events_have_no_column_for_fields_that_ingest_drops() -> None:
    table = RecordTable(MODEL, is_raw=False)
    assert not any("bbox" in name or "plate" in name for name in table.header)
    assert "undeclared" not in table.header


def test_a_typed_table_contains_the_bytes_and_the_declared_fields() -> None:
    value = json.dumps(RECORD).encode()
    table = RecordTable(MODEL, is_raw=True)
    columns = table.typed_columns(selected(value))
    assert columns["record"] == [value]
    assert columns["record.numbers.gap"] == [-3.5]
    assert columns["record.ok"] == [True]
    assert columns["record.person.id"] == ["7"]
    assert columns["record.id"] == [RECORD["id"]]  # no spreadsheet opens a file of columns: nothing is prepended
    assert set(columns) == {*table.header, "record"}


def test_a_record_that_does_not_fit_in_a_table_is_reported_by_its_offset() -> None:
    value = json.dumps(RECORD)[:-1].encode() + b',"canary":1e400}'
    with pytest.raises(ReplayError, match=r"offset 10 of partition 2 .*--format json") as rejected:
        RecordTable(MODEL, is_raw=True).csv_rows(selected(value))
    assert "canary" not in str(rejected.value)
