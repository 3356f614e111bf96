"""The tables that ``fairstream detect`` reads, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stream_app.errors import ConfigError
from tests.support.detect_calls import EXAMPLE, call


def test_csv_json_and_standard_input_say_the_same(tmp_path: Path) -> None:
    lines = EXAMPLE.read_text().splitlines()
    objects = [dict(zip(lines[0].split(","), map(int, line.split(",")), strict=True)) for line in lines[1:]]
    (tmp_path / "list.json").write_text(json.dumps(objects, indent=1))
    (tmp_path / "lines.jsonl").write_text("\n\n".join(map(json.dumps, objects)))
    (tmp_path / "semicolons.csv").write_bytes(b"\xef\xbb\xbf" + EXAMPLE.read_bytes().replace(b",", b" ; "))
    expected = call(EXAMPLE, "--json").stdout
    assert call(tmp_path / "list.json", "--json").stdout == expected
    assert call(tmp_path / "lines.jsonl", "--json").stdout == expected
    assert call(tmp_path / "semicolons.csv", "--delimiter", ";", "--json").stdout == expected
    assert call("-", "--json", text=EXAMPLE.read_text()).stdout == expected


def test_long_rows_say_the_same_as_wide_ones(tmp_path: Path) -> None:
    long = ["when,who,granted,asked"]
    for number, line in enumerate(EXAMPLE.read_text().splitlines()[1:]):
        k_a, n_a, k_b, n_b = line.split(",")
        long += [f"{number},b,{k_b},{n_b}", f"{number},a,{k_a},{n_a}"]
    (tmp_path / "long.csv").write_text("\n".join(long))
    names = [("--column", pair) for pair in ("period=when", "group=who", "k=granted", "n=asked")]
    outcome = call(tmp_path / "long.csv", "--reference", "b", *(word for pair in names for word in pair), "--json")
    assert outcome.stdout == call(EXAMPLE, "--json").stdout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "There is no row of counts"),
        ("k_a,n_a,k_b,n_b\n1,2,3,4\n-1,2,3,4\n", "line 3: column k_a"),
        ("k_a,n_a,k_b,n_b\n1,2,3\n", "line 2: expected 4 cells"),
        ('k_a,n_a,k_b,n_b\n1,2,3,"4\n', "line 2: not valid CSV"),
        ("k_a,k_a\n1,2\n", "line 1: duplicate column 'k_a'"),
        (b"k_a,n_a,k_b,n_b\n1,2,3,\xff\n", "line 2: expected UTF-8"),
        ('{"k_a":1,"n_a":2,"k_b":3,"n_b":4}\n{"k_a":NaN}\n', "line 2: not valid JSON"),
        ('{"k_a":1,"k_a":2}\n', "line 1: duplicate name in an object"),
        ("[1]", "item 1: expected a JSON object"),
        ("[" * 5000, "line 1: "),
        ('[{"k_a":1,"n_a":2,"k_b":3,"n_b":4},\n{"k_a":Infinity}]', "line 2: not valid JSON"),
        ("x" * 1_000_001, "line 1: longer than 1,000,000 characters"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(text: str | bytes, expected: str) -> None:
    outcome = call("-", "--json", text=text)
    assert isinstance(outcome.exception, ConfigError)
    assert str(outcome.exception).startswith(expected)
    assert outcome.stdout == ""


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (("--rule", "dir:1.2"), "Invalid rule 'dir:1.2'"),
        (("--rule", "ratio"), "Invalid rule 'ratio'"),
        (("--threshold", "1"), "--threshold"),
        (("--threshold", "nan"), "--threshold"),
        (("--threshold", "1e8", "--false-alarms-per-million", "1"), "--threshold and --false-alarms-per-million"),
        (("--false-alarms-per-million", "0"), "--false-alarms-per-million"),
        (("--column", "x=y"), "--column"),
        (("--delimiter", "ab"), "--delimiter"),
        (("--plot", "counts.png"), "--plot"),
    ],
)
def test_wrong_flags_are_refused(flags: tuple[str, ...], expected: str) -> None:
    outcome = call(EXAMPLE, *flags)
    assert isinstance(outcome.exception, ConfigError)
    assert str(outcome.exception).startswith(expected)


def test_a_refusal_is_one_line_and_code_2(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "stream_app", "detect", str(tmp_path / "nowhere.csv")]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith("fairstream: Cannot read")
    assert outcome.stderr.count("\n") == 1
