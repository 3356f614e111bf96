"""Encodings and line ends of CSV files, and files that are none."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from producers.recorded.csv_file import CsvFile, RejectedRow
from stream_app.errors import ConfigError
from tests.support.csv_files import read


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


def test_a_nul_character_rejects_its_row_only(path: Path) -> None:
    rows, rejections, _ = read(path, b"id,a\n1,x\n2,\0\n3,z\n")
    assert ([row.cells[0] for row in rows], rejections) == (["1", "3"], [RejectedRow(3, "a NUL character")])


def test_a_pipe_or_a_device_is_rejected_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(ConfigError, match=r"is not a regular file\. Save its content to a file"):
            CsvFile(place)


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: b"PK\x03\x04" + content])
def test_a_spreadsheet_or_a_compressed_file_is_told_apart_from_a_wrong_encoding(
    path: Path, pack: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(ConfigError, match="is a spreadsheet or a compressed file"):
        read(path, pack(b"id,a\n1,x\n"))
