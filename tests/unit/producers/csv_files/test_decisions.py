"""Decisions and numbers of bands in a CSV file, in every spelling."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from producers.recorded.cells import NumberFormat
from tests.support.csv_rows import GOOD, HIRING, convert_line, model


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
