"""Quotes in a CSV file: every line is counted, and an open quote costs one line."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.recorded.csv_file import RejectedRow
from producers.recorded.row_splitter import OPEN_QUOTE, TEXT_AFTER_QUOTE, TOO_LONG, RowSplitter
from producers.recorded.text_lines import MAX_LINE
from tests.support.csv_files import read

CELLS = st.text(st.sampled_from("ab,;\" \n\r'\tä€"), max_size=12)


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
