"""CSV files as programs and people write them: every line is counted, and an open quote costs one line."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.recorded.cells import NumberFormat, UnreadableCellError
from producers.recorded.csv_file import CsvFile, CsvRow, RejectedRow
from producers.recorded.row_splitter import OPEN_QUOTE, TEXT_AFTER_QUOTE, TOO_LONG, RowSplitter
from producers.recorded.text_lines import MAX_LINE
from producers.recorded.times import find_zone, moment_reader
from stream_app.errors import ConfigError
from stream_app.policy import EventTime

CELLS = st.text(st.sampled_from("ab,;\" \n\r'\tä€"), max_size=12)


def read(
    path: Path, content: str | bytes, *, encoding: str = "", delimiter: str = "", n_skipped: int = 0
) -> tuple[list[CsvRow], list[RejectedRow], CsvFile]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    file = CsvFile(path, encoding=encoding, delimiter=delimiter, n_skipped=n_skipped)
    rows = list(file.rows())
    return (
        [row for row in rows if isinstance(row, CsvRow)],
        [row for row in rows if isinstance(row, RejectedRow)],
        file,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rows.csv"


def test_a_quote_that_is_never_closed_costs_its_own_line(path: Path) -> None:
    lines = [f"A{n},x,y,yes" for n in range(500)]
    lines[3] = 'A3,x,"y,yes'
    rows, rejections, file = read(path, "id,a,b,ok\n" + "\n".join(lines) + "\n")
    assert rejections == [RejectedRow(5, OPEN_QUOTE)]
    assert [row.cells[0] for row in rows] == [f"A{n}" for n in range(500) if n != 3]
    assert (file.counts.n_lines, file.counts.n_rows) == (501, 500)


@pytest.mark.parametrize("number", [0, 7, 9])
def test_two_open_quotes_and_quoted_rows_between_them_cost_two_lines(path: Path, number: int) -> None:
    lines = [f'A{n},"x, z",y,yes' if n % 2 else f"A{n},x,y,yes" for n in range(10)]
    lines[number] = f'A{number},"x,y,yes'
    lines[5] = 'A5,x,"y,yes'
    _, rejections, file = read(path, "id,a,b,ok\n" + "\n".join(lines))
    assert [rejection.line for rejection in rejections] == sorted({number + 2, 7})
    assert file.counts.n_rows == 10


def test_a_quoted_cell_may_span_lines_in_every_column(path: Path) -> None:
    content = 'id,a,b\n"1\n1",x,y\n2,"x\r\n,\n""q""",y\n\n3,x,"y\n"\n'
    rows, rejections, file = read(path, content)
    assert rejections == []
    assert [(row.line, row.cells) for row in rows] == [
        (2, ["1\n1", "x", "y"]),
        (4, ["2", 'x\n,\n"q"', "y"]),
        (8, ["3", "x", "y"]),
    ]
    assert (file.counts.n_before, file.counts.n_blank, file.counts.n_rows, file.counts.n_continued) == (1, 1, 3, 4)


def test_text_after_a_closing_quote_is_an_error_and_a_quote_inside_a_cell_is_not(path: Path) -> None:
    rows, rejections, _ = read(path, 'id,a\n1,"x"y\n2,5" pipe\n3,"x"\n')
    assert rejections == [RejectedRow(2, TEXT_AFTER_QUOTE)]
    assert [row.cells for row in rows] == [["2", '5" pipe'], ["3", "x"]]


def test_an_open_quote_in_the_last_line_is_told_from_text_after_one(path: Path) -> None:
    assert read(path, 'id,a\n1,"x')[1] == [RejectedRow(2, OPEN_QUOTE)]
    assert read(path, 'id,a\n1,"x"y')[1] == [RejectedRow(2, TEXT_AFTER_QUOTE)]


def test_a_cell_of_a_million_characters_is_read_and_a_longer_line_is_rejected_alone(path: Path) -> None:
    content = f"id,a\n1,{'x' * 1_000_000}\n2,{'x' * MAX_LINE}\n3,y\n4,{'x' * (2 * MAX_LINE)}"
    rows, rejections, file = read(path, content)
    assert [(row.cells[0], len(row.cells[1])) for row in rows] == [("1", 1_000_000), ("3", 1)]
    assert rejections == [RejectedRow(3, TOO_LONG), RejectedRow(5, TOO_LONG)]
    assert file.counts.n_lines == 5


@settings(deadline=None)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=6), st.sampled_from([",", ";", "\t"]))
def test_what_the_csv_module_writes_is_read_back_or_rejected_and_every_line_is_counted(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]], delimiter: str
) -> None:
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows([["p", "q", "r"], *table])
    rows, rejections, file = read(path, text.getvalue(), delimiter=delimiter)
    universal = text.getvalue().replace("\r\n", "\n").replace("\r", "\n")
    assert file.counts.n_lines == universal.count("\n")
    assert file.counts.n_rows == len(rows) + len(rejections)
    expected = [[cell.replace("\r\n", "\n").replace("\r", "\n").strip() for cell in cells] for cells in table]
    if not rejections:
        assert [row.cells for row in rows] == [cells for cells in expected if any(cells)]


@settings(deadline=None)
@given(st.text(st.sampled_from('ab,"\n'), max_size=60))
def test_any_text_is_read_to_its_end_and_every_line_is_counted_once(
    tmp_path_factory: pytest.TempPathFactory, content: str
) -> None:
    _, rejections, file = read(tmp_path_factory.mktemp("csv") / "rows.csv", "p,q\n" + content)
    n_lines = len(content.split("\n")) - content.endswith("\n") if content else 0
    assert file.counts.n_lines == 1 + n_lines
    assert [rejection.line for rejection in rejections] == sorted({rejection.line for rejection in rejections})


class CountingSplitter(RowSplitter):
    """Counts how often a line is taken, also again."""

    n_taken = 0

    def next_line(self) -> Any:
        self.n_taken += 1
        return super().next_line()


@pytest.mark.parametrize(
    "lines", [['a,"b', 'c,"",d', "e"], ['a,"', '","', 'b","c'], ['"', "x", "y"], ['a,"b', 'a,"b,', '"",""', '"']]
)
def test_no_line_is_looked_at_more_often_than_a_few_times(lines: list[str]) -> None:
    splitter = CountingSplitter(iter(lines * 1000), ",")
    splitter.fits = lambda cells: len(cells) == 2
    assert sum(row.n_lines for row in splitter.rows()) == len(lines) * 1000
    assert splitter.n_taken <= 3 * len(lines) * 1000


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_encodings_are_found_out(path: Path, codec: str) -> None:
    rows, rejections, file = read(path, "id,größe\r\n1,läng\r\n2,x\r\n".encode(codec))
    assert (file.columns, [row.cells[1] for row in rows], rejections) == (["id", "größe"], ["läng", "x"], [])


@pytest.mark.parametrize("codec", ["cp1252", "latin-1", "cp437", "shift_jis", "utf-16-le"])
def test_an_encoding_can_be_named(path: Path, codec: str) -> None:
    text = "id,a\n1,x\n" if codec == "shift_jis" else "id,größe\n1,läng\n"
    rows, _, file = read(path, text.encode(codec), encoding=codec)
    assert (len(rows), file.columns[1]) == (1, "a" if codec == "shift_jis" else "größe")


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("id,größe\n1,2\n".encode("latin-1"), ""),
        ("id,größe\n1,2\n".encode("latin-1"), "utf-8"),
        (b"\x81\x8d,a\n1,2\n", "cp1252"),
        ("id,a\n1,2\n".encode("utf-16"), "utf-8"),
        (b"id,a\n1,2", "utf-16"),
        (b"id,a\n1,2\n", "utf-32"),
        (b"id,a\n1,2\n", "ascii-85"),
        (b"id,a\n1,2\n", "base64"),
        (b"id,a\n1,2\n", "rot13"),
        (b"id,a\n1,2\n", "undefined"),
    ],
)
def test_a_wrong_encoding_is_an_error_or_rejections_and_never_prints_bytes(
    path: Path, content: bytes, encoding: str
) -> None:
    try:
        rows, rejections, file = read(path, content, encoding=encoding)
    except ConfigError as error:
        text = str(error)
    else:
        assert rows == []
        text = " ".join(rejection.reason for rejection in rejections) + file.describe_columns()
    assert "encoding" in text
    assert text.isascii()
    assert "\\" not in text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_may_be_mixed(path: Path, end: str) -> None:
    rows, _, file = read(path, f"id,a{end}1,x\r\n2,y\n3,z{end}")
    assert ([row.line for row in rows], file.counts.n_lines) == ([2, 3, 4], 4)


@pytest.mark.parametrize(
    ("content", "flags", "n_before"),
    [
        ("sep=;\nid;a\n1;x\n", {}, 2),
        ("\ufeffSEP=\t\nid\ta\n1\tx\n", {}, 2),
        ("sep=;\nid,a\n1,x\n", {"delimiter": ","}, 2),
        ("A note, with commas\nand, more\n\nid,a\n1,x\n", {"n_skipped": 2}, 4),
        ("\n\nid,a\n1,x\n", {}, 3),
        ("id|a\n1|x\n", {"delimiter": "|"}, 1),
        ("id\ta\n1\tx\n", {"delimiter": "\\t"}, 1),
        ("id\ta\n1\tx\n", {"delimiter": "tab"}, 1),
    ],
)
def test_what_is_before_the_names_is_skipped_and_counted(
    path: Path, content: str, flags: dict[str, str | int], n_before: int
) -> None:
    rows, rejections, file = read(path, content, **flags)  # type: ignore[arg-type]  # of the right type each
    assert (file.columns, [row.cells for row in rows], rejections) == (["id", "a"], [["1", "x"]], [])
    assert (file.counts.n_before, file.counts.n_lines) == (n_before, n_before + 1)


def test_empty_columns_at_the_end_and_blank_rows_do_no_harm(path: Path) -> None:
    rows, rejections, file = read(path, "id,a,,\n1,x,,\n2,y\n3,z,,,,\n,,,\n  \n4,,note,\n5,,,,note\n6\n")
    assert [row.cells[0] for row in rows] == ["1", "2", "3", "4"]
    assert rejections == [RejectedRow(8, "5 cells instead of 2"), RejectedRow(9, "1 cells instead of 2")]
    assert file.counts.n_blank == 2


def test_a_nul_character_rejects_its_row_only(path: Path) -> None:
    rows, rejections, _ = read(path, b"id,a\n1,x\n2,\0\n3,z\n")
    assert ([row.cells[0] for row in rows], rejections) == (["1", "3"], [RejectedRow(3, "a NUL character")])


def test_a_pipe_or_a_device_is_rejected_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(ConfigError, match=r"is not a regular file\. Save its content to a file"):
            CsvFile(place)


@pytest.mark.parametrize(
    ("names", "advice"),
    [
        ("id;a;b\n1;2;3", "give --delimiter ';'"),
        ("id\ta\tb\n1\t2\t3", "give --delimiter '\\t'"),
        ("A note\nof two lines\nid,a,b\n1,2,3", "give --skip-lines 2"),
        ("id\n1", "give --delimiter, --encoding or --skip-lines"),
        ("a,b\n1,2", "the columns are 'a', 'b'"),
        (",".join(f"c{n}" for n in range(30)), "'c19' and 10 more"),
    ],
)
def test_a_message_about_columns_names_the_flag_that_seems_to_be_missing(path: Path, names: str, advice: str) -> None:
    assert advice in read(path, names)[2].describe_columns()


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


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: b"PK\x03\x04" + content])
def test_a_spreadsheet_or_a_compressed_file_is_told_apart_from_a_wrong_encoding(
    path: Path, pack: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(ConfigError, match="is a spreadsheet or a compressed file"):
        read(path, pack(b"id,a\n1,x\n"))
