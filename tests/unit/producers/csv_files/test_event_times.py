"""Event times of a CSV file: the format of the policy, no format, no offset, or no times."""

from __future__ import annotations

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from producers.timeline import Timeline
from tests.support.csv_rows import GOOD, HEADER, convert, convert_line, csv_file, model


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
