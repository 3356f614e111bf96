"""Numbers and times of CSV files, as the file writes them and never guessed."""

from __future__ import annotations

import pytest

from producers.recorded.cells import NumberFormat, UnreadableCellError
from producers.recorded.times import find_zone, moment_reader
from stream_app.errors import ConfigError
from stream_app.policy import EventTime


@pytest.mark.parametrize(
    ("comma", "thousands", "cell", "number"),
    [
        (False, "", "1234.5", 1234.5),
        (False, ",", "1,234,567", 1_234_567),
        (False, ",", "-1,234.5", -1234.5),
        (False, ",", "1234.5", 1234.5),
        (True, "", "1234,5", 1234.5),
        (True, ".", "1.234.567,25", 1_234_567.25),
        (True, ".", "1234,5", 1234.5),
        (True, " ", "1\u202f234,5", 1234.5),
        (False, "'", "1'234", 1234),
        (False, "", "1,234", None),
        (False, "", "1 234", None),
        (False, ",", "1,23", None),
        (False, ",", "12,3456", None),
        (False, ",", "1,234,56", None),
        (False, ",", "1.5,000", None),
        (True, "", "1.5", None),
        (True, ".", "1.5", None),
        (True, "", "1,5,5", None),
        (False, "", "nan", None),
        (False, "", "٣", None),
    ],
)
def test_numbers_are_read_as_the_file_writes_them_and_never_guessed(
    comma: bool,  # noqa: FBT001 - a column of the table
    thousands: str,
    cell: str,
    number: float | None,
) -> None:
    numbers = NumberFormat(has_decimal_comma=comma, thousands=thousands)
    if number is None:
        with pytest.raises(UnreadableCellError, match="not a number"):
            numbers.read(cell)
    else:
        assert numbers.read(cell) == number


@pytest.mark.parametrize(("comma", "thousands"), [(True, ","), (False, "."), (False, "1"), (False, "-"), (False, "ab")])
def test_a_separator_of_thousands_that_means_something_else_is_rejected(
    comma: bool,  # noqa: FBT001 - a column of the table
    thousands: str,
) -> None:
    with pytest.raises(ConfigError, match="--thousands"):
        NumberFormat(has_decimal_comma=comma, thousands=thousands)


def test_times_without_an_offset_are_placed_in_a_zone_unless_clocks_changed() -> None:
    read_moment = moment_reader(EventTime(path="t"), find_zone("Europe/Berlin"))
    assert read_moment("2026-07-01 12:00:00").value == "2026-07-01T12:00:00+02:00"
    assert read_moment("2026-07-01 12:00:00Z").value == "2026-07-01T12:00:00+00:00"
    with pytest.raises(UnreadableCellError, match="occurred twice"):
        read_moment("2026-10-25T02:30:00")
    with pytest.raises(UnreadableCellError, match="not a valid ISO 8601 time"):
        read_moment("2026-03-29T02:30:00")
    for name in ("Europe/Atlantis", "../etc", "Europe", ""):
        with pytest.raises(ConfigError, match="--time-zone"):
            find_zone(name)
