"""Any CSV file as a stream: mapping by policy, and refusals by line number that tell nothing of the content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from producers.event import Event
from producers.recorded.cells import NumberFormat
from producers.recorded.csv_file import CsvFile, RejectedRow
from producers.recorded.row_mapping import CellFormat, RowMapper, map_rows, parse_mapping
from producers.timeline import Timeline
from stream_app.errors import ConfigError
from stream_app.policy import ModelPolicy, parse_policy

HIRING = """
schema = 1
[[models]]
name = "hiring"
topic = "hiring-raw"
event_id = { path = "case.id", link_domain = "case", canonical = "integer" }
identifiers = [{ path = "applicant.email", link_domain = "person", canonical = "email", is_required = false }]
decision = { path = "outcome.hired", favorable = true, unfavorable = [false] }
event_time = { path = "decided_at", format = "FORMAT" }
attributes = [{ name = "sex", path = "applicant.sex", groups = ["f", "m"], reference = "m" }]
segment = { name = "site", path = "site", values = ["a", "b"] }
features = [
    { name = "years", path = "applicant.years", minimum = 0, maximum = 60, scale = 10 },
    { name = "score", path = "score", minimum = 0, maximum = 100, is_required = false },
]
constants = [{ path = "version", values = [2, 3] }]
keep = ["channel"]
drop = ["applicant.name"]
unknown_fields = "drop"
"""
HEADER = "case.id,email,hired,decided_at,sex,site,years,score,version,channel,applicant.name"
GOOD = "7,a@b.c,yes,2026-11-23T16:00:00Z,f,a,3.5,80,2,web,Ada"


def model(time_format: str = "iso8601", text: str = HIRING) -> ModelPolicy:
    return parse_policy(text.replace("FORMAT", time_format)).models[0]


def csv_file(tmp_path: Path, content: str | bytes, **flags: Any) -> CsvFile:
    path = tmp_path / "rows.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return CsvFile(path, **flags)


def convert(
    file: CsvFile,
    policy: ModelPolicy | None = None,
    *,
    mapping: dict[str, str] | None = None,
    timeline: Timeline | None = None,
    **cells: Any,
) -> tuple[list[Event], list[RejectedRow]]:
    mapper = RowMapper(
        policy or model(), file.columns, mapping=mapping or {}, timeline=timeline, cells=CellFormat(**cells)
    )
    rejections: list[RejectedRow] = []
    return list(map_rows(file, mapper, rejections.append)), rejections


def convert_line(tmp_path: Path, line: str, **options: Any) -> dict[str, Any] | str:
    """Return the record of one row, or the reason why it was refused."""
    events, rejections = convert(csv_file(tmp_path, f"{HEADER}\n{line}\n"), **options)
    return json.loads(events[0].value) if events else rejections[0].reason


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


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("case.id", "", "case.id: blank"),
        ("case.id", "secret", "case.id: not an integer"),
        ("case.id", "9" * 5000, "case.id: not an integer"),
        ("hired", "", "outcome.hired: blank"),
        ("hired", "secret", "outcome.hired: neither the favorable nor an unfavorable value"),
        ("decided_at", "", "decided_at: blank"),
        ("decided_at", "secret", "decided_at: not a valid ISO 8601 time"),
        ("decided_at", "2026-11-23T16:00:00", "decided_at: a time without a UTC offset (see --time-zone)"),
        ("years", "", "applicant.years: blank"),
        ("years", "secret", "applicant.years: not a number (see --decimal-comma and --thousands)"),
        ("years", "nan", "applicant.years: not a number (see --decimal-comma and --thousands)"),
        ("years", "inf", "applicant.years: not a number (see --decimal-comma and --thousands)"),
        ("years", "1e999", "applicant.years: not a number (see --decimal-comma and --thousands)"),
        ("version", "4", "version: not one of the values in the policy"),
    ],
)
def test_a_cell_that_does_not_fit_is_rejected_with_its_field_and_without_its_content(
    tmp_path: Path, column: str, cell: str, reason: str
) -> None:
    cells = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | {column: cell}
    assert convert_line(tmp_path, ",".join(cells.values())) == reason


def test_rejected_rows_have_their_line_and_the_others_are_sent(tmp_path: Path) -> None:
    lines = [
        HEADER,
        GOOD,
        "8,too,few",
        "",
        GOOD.replace("7,", "9,", 1).replace("web", '"two\nlines"'),
        GOOD + ",too many",
        GOOD.replace("web", "w\xe4b"),
        GOOD.replace("yes", "perhaps"),
        GOOD.replace("7,", "10,", 1),
    ]
    events, rejections = convert(csv_file(tmp_path, "\n".join(lines).encode("latin-1")))
    assert [event.key for event in events] == [b"7", b"9", b"10"]
    assert rejections == [
        RejectedRow(3, "3 cells instead of 11"),
        RejectedRow(7, "12 cells instead of 11"),
        RejectedRow(8, "not UTF-8 (see --encoding)"),
        RejectedRow(9, "outcome.hired: neither the favorable nor an unfavorable value"),
    ]


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
    ("favorable", "unfavorable", "cell", "expected"),
    [
        ([], [], "TRUE", True),
        ([], [], "0", False),
        ([], [], "Hired", None),
        (["Hired"], [], " hired ", True),
        (["Hired"], [], "anything else", False),
        (["Hired", "on hold"], ["Rejected"], "On Hold", True),
        (["Hired"], ["Rejected"], "rejected", False),
        (["Hired"], ["Rejected"], "anything else", None),
        ([], ["Rejected"], "rejected", False),
        ([], ["Rejected"], "yes", True),
        ([], ["Rejected"], "no", None),
    ],
)
def test_spellings_of_the_decision(
    tmp_path: Path,
    favorable: list[str],
    unfavorable: list[str],
    cell: str,
    expected: bool | None,  # noqa: FBT001 - a value of the record
) -> None:
    line = GOOD.replace("yes", cell)
    record = convert_line(tmp_path, line, favorable=favorable, unfavorable=unfavorable)
    assert (record["outcome"]["hired"] if isinstance(record, dict) else None) is expected


@pytest.mark.parametrize(("favorable", "others"), [("1", "[0, 2]"), ('"hire"', '["reject", "hold"]')])
def test_decisions_that_are_numbers_or_words_keep_the_value_of_the_policy(
    tmp_path: Path, favorable: str, others: str
) -> None:
    text = HIRING.replace("favorable = true, unfavorable = [false]", f"favorable = {favorable}, unfavorable = {others}")
    for value in (json.loads(favorable), *json.loads(others)):
        record = convert_line(tmp_path, GOOD.replace("yes", str(value)), policy=model(text=text))
        assert isinstance(record, dict)
        assert record["outcome"]["hired"] == value


@pytest.mark.parametrize(
    ("time_format", "cell", "value", "time_ms"),
    [
        ("iso8601", "2026-11-23T17:00:00+01:00", "2026-11-23T17:00:00+01:00", 1_795_449_600_000),
        ("epoch_s", "1795449600.5", 1795449600.5, 1_795_449_600_500),
        ("epoch_s", "1795449600", 1795449600, 1_795_449_600_000),
        ("epoch_ms", "1795449600123", 1795449600123, 1_795_449_600_123),
    ],
)
def test_event_times_keep_the_format_of_the_policy(
    tmp_path: Path, time_format: str, cell: str, value: object, time_ms: int
) -> None:
    file = csv_file(tmp_path, f"{HEADER}\n{GOOD.replace('2026-11-23T16:00:00Z', cell)}\n")
    events, rejections = convert(file, model(time_format))
    assert rejections == []
    assert json.loads(events[0].value)["decided_at"] == value
    assert events[0].time_ms == time_ms


@pytest.mark.parametrize(("time_format", "cell"), [("epoch_s", "1e300"), ("epoch_s", "-1e15"), ("epoch_ms", "9" * 18)])
def test_epoch_times_outside_the_calendar_are_rejected(tmp_path: Path, time_format: str, cell: str) -> None:
    line = GOOD.replace("2026-11-23T16:00:00Z", cell)
    assert convert_line(tmp_path, line, policy=model(time_format)) == "decided_at: not a time before the year 10000"


@pytest.mark.parametrize(
    ("time_format", "value"), [("iso8601", "1970-01-01T00:00:14.000Z"), ("epoch_s", 14.0), ("epoch_ms", 14000)]
)
def test_rows_of_a_file_without_times_are_spaced_by_position_including_rejected_ones(
    tmp_path: Path, time_format: str, value: object
) -> None:
    file = csv_file(tmp_path, f"{HEADER}\n{GOOD}\nbad\n{GOOD}\n")
    events, rejections = convert(file, model(time_format), timeline=Timeline(10_000, 2.0))
    assert [event.time_ms for event in events] == [10_000, 14_000]
    assert json.loads(events[1].value)["decided_at"] == value
    assert len(rejections) == 1
    assert file.count_rows() == 3


def test_times_without_an_offset_can_be_declared_to_be_utc(tmp_path: Path) -> None:
    record = convert_line(tmp_path, GOOD.replace("16:00:00Z", "16:00:00"), zone=ZoneInfo("UTC"))
    assert isinstance(record, dict)
    assert record["decided_at"] == "2026-11-23T16:00:00+00:00"


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


def test_numbers_of_bands_are_read_as_the_file_writes_them_and_other_cells_stay_text(tmp_path: Path) -> None:
    text = HIRING.replace('groups = ["f", "m"], reference = "m"', 'edges = [25, 40], reference = "40 and over"')
    policy = model(text=text)
    numbers = NumberFormat(has_decimal_comma=True)
    for cell, value in (('"30,5"', 30.5), ("41", 41), ("unsaid", "unsaid"), ("", None)):
        line = GOOD.replace(",f,", f",{cell},").replace("3.5", '"3,5"')
        record = convert_line(tmp_path, line, policy=policy, numbers=numbers)
        assert isinstance(record, dict)
        assert record["applicant"]["sex"] == value


def test_several_favorable_values_keep_their_own_spelling(tmp_path: Path) -> None:
    text = HIRING.replace(
        "favorable = true, unfavorable = [false]", 'favorable = ["hire", "offer"], unfavorable = ["no"]'
    )
    for value in ("hire", "offer", "no"):
        record = convert_line(tmp_path, GOOD.replace("yes", value.upper()), policy=model(text=text))
        assert isinstance(record, dict)
        assert record["outcome"]["hired"] == value
