"""``audit decisions --store``: single decisions only where everything permits it, with an entry first."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from stream_app.cli import app
from stream_app.cli.output import facts
from stream_app.edges.audit.decision_store import DecisionStore
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.replay.decisions.decision import DecisionReader
from stream_app.policy import SHIPPED, parse_policy
from stream_app.programs.audit.decisions import row_of
from tests.support.audit_logs import entries_of
from tests.support.command_results import code_of
from tests.support.lanes.ingest_lane import NOW_S, encode, iso

pytest.importorskip("pyarrow")
REASON = ("--reason", "case 12")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("FAIRSTREAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FAIRSTREAM_STATE", str(tmp_path / "state"))
    text = (SHIPPED / "credit.toml").read_text("utf-8")
    permitting = text + '\n[models.privacy]\nexportable_records = "pseudonymized"\n'
    (tmp_path / "policy.toml").write_text(permitting, "utf-8")
    monkeypatch.setenv("FAIRSTREAM_POLICY", str(tmp_path / "policy.toml"))
    fill(tmp_path / "state", permitting)
    return tmp_path / "state"


def fill(folder: Path, policy: str) -> None:
    events = [
        {
            "application_id": f"hm1.abcdefgh.{n:022d}", "ts": iso(NOW_S + n), "approved": n % 2 == 0, "score": n / 10,
            "gender": ("female", "male")[n % 3 == 0], "race": "\x1b[2J" if n == 5 else "white", "product": "=1+1",
        }
        for n in range(10)
    ]  # fmt: skip
    values: list[bytes | None] = [encode(event) for event in events]
    model = parse_policy(policy).models[0]
    batch = Batch("credit-decisions", 0, 0, 10, np.arange(10), values, np.zeros(10, np.int64))
    rows: dict[tuple[str, str], list[dict[str, object]]] = {}
    for decision, event in DecisionReader(model).read(batch):
        rows.setdefault((decision.model, decision.time[:10]), []).append(row_of(decision, event))
    store = DecisionStore(folder)
    with store.writer():
        store.append(rows, {"credit-decisions/i/0": 10})


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["audit", "decisions", "--store", *words])


@pytest.fixture
def _log() -> None:
    CliRunner().invoke(app, ["audit", "init"])


@pytest.mark.usefixtures("_log")
def test_the_table_fits_a_terminal_and_shows_no_control_character(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "width", 80)  # COLUMNS is read when the module is loaded
    done = run(*REASON)
    lines = done.stdout.splitlines()
    assert (code_of(done), len(lines)) == (0, 11)
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in done.stdout
    assert lines[0].split() == ["time", "version", "decision", "prob.", "request", "features"]
    assert "gender=female" in lines[2]


@pytest.mark.usefixtures("_log")
def test_a_filter_and_a_range_select_and_the_log_has_an_entry_without_them(state: Path) -> None:
    where = "features.gender = 'female' and probability >= 0.5 and request_id != 'hm1.abcdefgh.0000000000000000000007'"
    done = run(*REASON, "--json", "--where", where, "--from", iso(NOW_S + 2), "--to", iso(NOW_S + 9))
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["offset"] for one in found] == [5, 8]
    assert found[0]["input"]["application_id"] == found[0]["request_id"] == "hm1.abcdefgh.0000000000000000000005"
    [entry] = entries_of(state, "decisions-read")
    assert (entry.data["reason"], entry.data["model"], entry.data["source"]) == ("case 12", "credit", "store")
    assert "hm1" not in json.dumps(entry.data)


@pytest.mark.usefixtures("_log")
def test_csv_has_no_formula_and_a_limit_is_said() -> None:
    done = run(*REASON, "--csv", "--limit", "3")
    rows = list(csv.DictReader(io.StringIO(done.stdout, newline="")))
    assert [row["offset"] for row in rows] == ["0", "1", "2"]
    assert {row["features.product"] for row in rows} == {"'=1+1"}
    assert "There are more than 3" in done.stderr
    assert "There are more" not in run(*REASON, "--limit", "10").stderr
    assert len(run(*REASON, "--csv", "--limit", "0").stdout.splitlines()) == 11


def test_without_an_audit_log_nothing_is_listed() -> None:
    done = run(*REASON)
    assert (code_of(done), done.stdout) == (2, "")
    assert "fairstream audit init" in str(done.exception)


@pytest.mark.usefixtures("_log")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "--reason"),
        ((*REASON, "--policy", "credit"), "exportable_records"),
        ((*REASON, "--where", "password = 'x'"), "unknown field"),
        ((*REASON, "--where", "__import__('os')"), "unknown field"),
        ((*REASON, "--csv", "--json"), "two formats"),
        ((*REASON, "--model", "other"), "other"),
        ((*REASON, "--from", "yesterday-ish"), "yesterday-ish"),
        (("--reason", "of hm1.abcdefgh.0000000000000000000007"), "pseudonym"),
    ],
)
def test_what_is_denied_or_wrong_lists_nothing(words: tuple[str, ...], says: str) -> None:
    done = run(*words)
    assert (code_of(done), done.stdout) == (2, "")
    assert says in str(done.exception)


def delete(*words: str) -> Result:
    return CliRunner().invoke(app, ["audit", "delete-decisions", *words])


def stored(state: Path) -> list[Path]:
    return sorted((state / "decisions").rglob("*.parquet"))


@pytest.mark.usefixtures("_log")
def test_stored_decisions_are_deleted_with_an_entry_first(state: Path) -> None:
    [part] = stored(state)
    date, n_bytes = part.parent.name.removeprefix("date="), part.stat().st_size
    shown = delete("--before", "0d", "--dry-run")
    assert shown.stdout == f"delete   {date}  credit  1 file, {n_bytes:,} bytes\n"
    assert stored(state) == [part]
    kept = delete("--before", date, *REASON, "--yes")
    assert (kept.exit_code, kept.stdout) == (0, f"No decisions are stored of days before {date}.\n")
    other = delete("--before", "0d", "--model", "other", *REASON, "--yes", "--json")
    assert (other.exit_code, other.stdout) == (0, "")
    assert stored(state) == [part]
    done = delete("--before", "0d", *REASON, "--yes", "--json")
    assert json.loads(done.stdout) == {
        "action": "deleted", "model": "credit", "date": date, "n_files": 1, "bytes": n_bytes
    }  # fmt: skip
    assert stored(state) == []
    entries = [entry.data for entry in entries_of(state, "decisions-deleted")]
    assert [(entry["n_days"], entry["n_files"], entry["reason"]) for entry in entries] == [
        (0, 0, "case 12"),
        (0, 0, "case 12"),
        (1, 1, "case 12"),
    ]
    assert (entries[0]["before"], entries[1]["model"], entries[2]["n_bytes"]) == (date, "other", n_bytes)
    assert (code_of(run(*REASON)), run(*REASON, "--json").stdout) == (0, "")


@pytest.mark.usefixtures("_log")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--before", "0d", "--yes"), "--reason"),
        (("--before", "0d", *REASON), "confirm with --yes"),
        (("--before", "2026-02-30", *REASON, "--yes"), "Invalid --before"),
        (("--before", "soon", *REASON, "--yes"), "Invalid --before"),
        (("--before", "9999999999999999", *REASON, "--yes"), "Invalid --before"),
        (("--before", "0d", "--reason", "of hm1.abcdefgh.0000000000000000000007", "--yes"), "pseudonym"),
    ],
)
def test_what_is_not_confirmed_or_wrong_deletes_nothing(state: Path, words: tuple[str, ...], says: str) -> None:
    done = delete(*words)
    assert (code_of(done), done.stdout) == (2, "")
    assert says in str(done.exception)
    assert len(stored(state)) == 1


def test_without_an_audit_log_nothing_is_deleted(state: Path) -> None:
    done = delete("--before", "0d", *REASON, "--yes")
    assert (code_of(done), len(stored(state))) == (2, 1)
    assert "fairstream audit init" in str(done.exception)


@pytest.mark.usefixtures("_log")
def test_nothing_is_deleted_while_decisions_are_recorded(state: Path) -> None:
    with DecisionStore(state).writer():
        done = delete("--before", "0d", *REASON, "--yes")
    assert (code_of(done), len(stored(state))) == (2, 1)
    assert "Another process is changing the stored decisions" in str(done.exception)
