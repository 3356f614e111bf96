"""Files of counts: an error names the line where its row begins, and the flag that seems to be missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.edges.files.count_file import read_rows
from stream_app.errors import ConfigError

NAMES = "k_a,n_a,k_b,n_b\n"
ROW = "1,2,1,2\n"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (f'{NAMES}{ROW}1,"2,1,2\n{ROW}{ROW}', "line 3: not valid CSV"),
        (f'{NAMES}1,"2\n",1\n{ROW}', "line 2: expected 4 cells as in the first line, got 3"),
        ("k_a;n_a;k_b;n_b\n", "line 1: one column only. Give --delimiter ';'"),
        ("\n\nk_a\tn_a\n", r"line 3: one column only. Give --delimiter '\t'"),
        ((NAMES + ROW).encode("utf-16"), "line 1: expected UTF-8. Save the file as UTF-8"),
    ],
)
def test_a_file_that_is_read_otherwise_than_it_is_written_is_an_error_with_its_line(
    tmp_path: Path, content: str | bytes, fault: str
) -> None:
    path = tmp_path / "counts.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError) as caught:
        list(read_rows(str(path)))
    assert fault in str(caught.value)


def test_a_tab_can_be_spelled(tmp_path: Path) -> None:
    path = tmp_path / "counts.tsv"
    path.write_text((NAMES + ROW).replace(",", "\t"), "utf-8")
    assert [row.cells["n_a"] for row in read_rows(str(path), delimiter="\\t")] == ["2"]
