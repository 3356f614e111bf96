"""What stands before and beside the columns of a CSV file, and the flags that messages name."""

from __future__ import annotations

from pathlib import Path

import pytest

from producers.recorded.csv_file import RejectedRow
from tests.support.csv_files import read


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
