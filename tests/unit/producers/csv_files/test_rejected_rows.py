"""Rows that do not fit are rejected by line number, and nothing tells of their content."""

from __future__ import annotations

from pathlib import Path

import pytest

from producers.recorded.csv_file import RejectedRow
from tests.support.csv_rows import GOOD, HEADER, convert, convert_line, csv_file


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
