"""``fairstream privacy inspect`` over files: what it reads, prints and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stream_app.cli import app
from tests.support.command_results import rows

LEAK = {"track_id": "T-1", "plate": "FS AB 1234", "note": "write to ana@example.org"}


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["privacy", "inspect", *words], env={"COLUMNS": "80"})


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "sample.jsonl"
    path.write_text("".join(json.dumps(LEAK) + "\n" for _ in range(20)), encoding="utf-8")
    return path


def test_a_policy_that_handles_everything_is_accepted(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sample.parent)
    result = run(sample.name, "--policy", "camera")  # a long path, which one may copy, is not cut
    assert result.exit_code == 0
    assert "3 of 3 fields of 20 records have personal data; 0 severe ones" in " ".join(result.stdout.split())
    assert "ana@" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_without_a_policy_nothing_is_handled(sample: Path) -> None:
    result = run(str(sample), "--json")
    assert result.exit_code == 2
    *fields, summary = rows(result)
    assert [field["kind"] for field in fields] == ["track_id", "plate", "email"]
    assert summary["n_unhandled"] == 3
    assert "AB 1234" not in result.stdout


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.json", json.dumps([LEAK] * 3)),
        ("one.json", json.dumps(LEAK, indent=2)),
        ("a.csv", "track_id;plate;note\nT-1;FS AB 1;write to ana@example.org\nT-2;FS AB 2;-\n"),
        ("bom.csv", "\ufefftrack_id,plate,note\nT-1,FS AB 1,a@b.example\n"),
    ],
)
def test_formats_are_told_by_their_content(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    *fields, _ = rows(run(str(path), "--json"))
    assert {field["path"]: field["kind"] for field in fields} == {
        "track_id": "track_id",
        "plate": "plate",
        "note": "email",
    }


def test_a_schema_is_inspected_by_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "loan.avsc"
    path.write_text(json.dumps({"type": "record", "name": "L", "fields": [{"name": "ssn", "type": "string"}]}))
    result = run(str(path))
    assert result.exit_code == 2
    assert "1 of 1 fields of a schema" in result.stdout


def test_lines_that_are_no_objects_are_counted(sample: Path) -> None:
    with sample.open("ab") as file:
        file.write(b'{"cut": \n[1]\n\xff\xfe\n')
    *_, summary = rows(run(str(sample), "--policy", "camera", "--json"))
    assert (summary["n_records"], summary["n_unreadable"]) == (20, 3)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x00\x01\x02binary\n", b"[]", b"12\n"])
def test_a_file_without_records_ends_with_an_error_that_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    assert run(str(path)).exit_code != 0


def test_a_file_or_a_topic_is_needed_and_not_both(sample: Path) -> None:
    assert run().exit_code != 0
    assert run(str(sample), "--topic", "t").exit_code != 0
