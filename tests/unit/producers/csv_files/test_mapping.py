"""Columns of a CSV file become the fields of a policy, by mapping, path or last part."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from producers.recorded.csv_file import CsvFile
from producers.recorded.row_mapping import RowMapper, parse_mapping
from stream_app.errors import ConfigError
from tests.support.csv_rows import GOOD, HEADER, convert, convert_line, csv_file, model


def test_a_row_becomes_the_nested_record_that_the_policy_describes(tmp_path: Path) -> None:
    events, rejections = convert(csv_file(tmp_path, f"{HEADER}\n{GOOD}\n"))
    assert rejections == []
    assert events[0].key == b"7"
    assert events[0].time_ms == 1_795_449_600_000
    assert json.loads(events[0].value) == {
        "case": {"id": 7},
        "applicant": {"email": "a@b.c", "sex": "f", "years": 3.5},
        "outcome": {"hired": True},
        "decided_at": "2026-11-23T16:00:00+00:00",
        "site": "a",
        "score": 80,
        "version": 2,
        "channel": "web",
    }


def test_blank_cells_are_null_where_the_policy_allows_it(tmp_path: Path) -> None:
    record = convert_line(tmp_path, "7,,no,2026-11-23T16:00:00Z, ,,3,,3,,")
    assert isinstance(record, dict)
    assert record["applicant"] == {"email": None, "sex": None, "years": 3}
    assert (record["site"], record["score"], record["channel"]) == (None, None, None)
    assert record["outcome"] == {"hired": False}


def test_columns_are_selected_by_mapping_then_path_then_last_part(tmp_path: Path) -> None:
    header = "nr,hired,decided_at,sex,applicant.sex,Gender,site,years,version"
    file = csv_file(tmp_path, f"{header}\n7,yes,2026-11-23T16:00:00Z,last,path,mapped,a,3,2\n")
    by_path, _ = convert(file, mapping={"case.id": "nr"})
    assert json.loads(by_path[0].value)["applicant"]["sex"] == "path"
    by_mapping, _ = convert(file, mapping={"case.id": "nr", "applicant.sex": "Gender"})
    assert json.loads(by_mapping[0].value)["applicant"]["sex"] == "mapped"
    left_out, _ = convert(file, mapping={"case.id": "nr", "applicant.sex": ""})
    assert "sex" not in json.loads(left_out[0].value)["applicant"]


def test_fields_without_a_column_are_listed(tmp_path: Path) -> None:
    file = csv_file(tmp_path, "id,hired,decided_at,sex,site,years,version\n")
    assert RowMapper(model(), file.columns, mapping={}).left_out == ["applicant.email", "score", "channel"]


@pytest.mark.parametrize(
    ("mapping", "fault"),
    [
        ({"applicant.age": "years"}, "has no field 'applicant.age'"),
        ({"applicant.name": "applicant.name"}, "has no field 'applicant.name'"),
        ({"applicant.sex": "Gender"}, "no column 'Gender'"),
        ({"case.id": ""}, "'case.id' cannot be left out"),
        ({"outcome.hired": ""}, "'outcome.hired' cannot be left out"),
        ({"decided_at": ""}, "'decided_at' cannot be left out"),
        ({"applicant.years": ""}, "'applicant.years' cannot be left out"),
    ],
)
def test_a_mapping_of_an_unknown_name_is_rejected(tmp_path: Path, mapping: dict[str, str], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        RowMapper(model(), csv_file(tmp_path, HEADER).columns, mapping=mapping)


@pytest.mark.parametrize("column", ["case.id", "hired", "decided_at", "sex", "site", "years", "version"])
def test_a_required_field_without_a_column_is_an_error_with_what_to_do(column: str) -> None:
    columns = [name for name in HEADER.split(",") if name != column]
    with pytest.raises(ConfigError, match=r"No column for .*Give --map"):
        RowMapper(model(), columns, mapping={})


@pytest.mark.parametrize(
    ("content", "fault"), [("", "is empty"), ("\n\n", "is empty"), (",,\n", "is empty"), ('"a,b', "a quote is opened")]
)
def test_a_file_without_usable_columns_is_rejected(tmp_path: Path, content: str, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        csv_file(tmp_path, content)


def test_a_file_that_cannot_be_read_is_rejected(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.csv", tmp_path):
        with pytest.raises(ConfigError, match="Cannot read"):
            CsvFile(path)
    with pytest.raises(ConfigError, match="one character"):
        CsvFile(tmp_path, delimiter=";;")


def test_a_mapping_needs_an_equals_sign_and_may_contain_more() -> None:
    assert parse_mapping(["a = b=c", "d="]) == {"a": "b=c", "d": ""}
    with pytest.raises(ConfigError, match="expected PATH=COLUMN"):
        parse_mapping(["ab"])
