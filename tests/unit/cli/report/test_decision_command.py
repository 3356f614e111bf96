"""``report decision``: an id from standard input, an entry without it, and no other person's value."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from stream_app.cli import app
from stream_app.cli.output import facts
from stream_app.core.privacy.pseudonym import Pseudonymizer
from stream_app.edges.audit.decision_store import DecisionStore
from stream_app.edges.files.key_file import key_file_path, load_keys
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.replay.decisions.decision import DecisionReader
from stream_app.policy import SHIPPED, parse_policy
from stream_app.programs.audit.decisions import row_of
from tests.support.audit_logs import entries_of
from tests.support.command_results import code_of
from tests.support.lanes.ingest_lane import NOW_S, encode, iso

pytest.importorskip("pyarrow")
REASON = ("--reason", "notice of denial")
N = 60


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("FAIRSTREAM_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "state"
    monkeypatch.setenv("FAIRSTREAM_STATE", str(folder))
    text = (SHIPPED / "loans.toml").read_text("utf-8")
    permitting = text + '\n[models.privacy]\nexportable_records = "pseudonymized"\n'
    (tmp_path / "policy.toml").write_text(permitting, "utf-8")
    monkeypatch.setenv("FAIRSTREAM_POLICY", str(tmp_path / "policy.toml"))
    for words in (["keys", "init"], ["audit", "init"]):
        assert CliRunner().invoke(app, words).exit_code == 0
    fill(folder, permitting)
    return folder


def fill(folder: Path, policy: str) -> None:
    """Store decisions: those with a higher credit score are approved."""
    model = parse_policy(policy).models[0]
    pseudonymizer = Pseudonymizer(load_keys(key_file_path(folder)), model.event_id.link_domain, "text")
    events = [
        {
            "application_id": pseudonymizer.pseudonym(f"app-{n}".encode(), NOW_S), "ts": iso(NOW_S + n),
            "approved": n >= N // 2, "gender": "female", "race": "white", "age": "18-29", "product": "home",
            "credit_score": 500 + n, "income": 40_000.0, "loan_amount": 1000.0 * n,
        }
        for n in range(N)
    ]  # fmt: skip
    values: list[bytes | None] = [encode(event) for event in events]
    batch = Batch("loan-decisions", 0, 0, N, np.arange(N), values, np.zeros(N, np.int64))
    rows: dict[tuple[str, str], list[dict[str, object]]] = {}
    for decision, event in DecisionReader(model).read(batch):
        rows.setdefault((decision.model, decision.time[:10]), []).append(row_of(decision, event))
    store = DecisionStore(folder)
    with store.writer():
        store.append(rows, {"loan-decisions/i/0": N})


def run(*words: str, stdin: str) -> Result:
    return CliRunner().invoke(app, ["report", "decision", "--store", *words], input=stdin)


def test_a_denied_decision_is_shown_among_the_approved_and_the_log_has_no_id(state: Path) -> None:
    done = run(*REASON, "--json", stdin="app-3\n")
    assert code_of(done) == 0, done.output
    found = json.loads(done.stdout)
    assert (found["is_approved"], found["n_decisions"], found["k"]) == (False, N - 1, 10)
    first = found["positions"][0]
    assert first["feature"] == "credit_score"
    assert (first["value"], first["adverse"], first["bound"]) == (503, "low", "at_most")
    assert first["n_approved"] == N // 2
    [entry] = entries_of(state, "decision-explained")
    assert entry.data["reason"] == "notice of denial"
    assert "app-3" not in json.dumps(entry.data)
    assert "app-3" not in done.output


def test_a_pseudonym_is_taken_as_it_is_without_keys(state: Path) -> None:
    [event] = [one for one in json_decisions() if one["features"]["credit_score"] == 510]
    key_file_path(state).unlink()
    done = run(*REASON, "--json", stdin=event["request_id"])
    assert json.loads(done.stdout)["positions"][0]["value"] == 510


def json_decisions() -> list[dict[str, Any]]:
    done = CliRunner().invoke(app, ["audit", "decisions", "--store", "--json", *REASON])
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_table_fits_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "width", 80)
    done = run(*REASON, stdin="app-3")
    assert "denied" in done.stdout
    assert "at most" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "stdin", "says"),
    [
        ((), "app-3", "--reason"),
        (REASON, "", "one request id"),
        (REASON, "app-3\napp-4\n", "one request id"),
        (REASON, "x" * 5000, "one request id"),
        (REASON, "secret-4711", "No decision"),
        ((*REASON, "--policy", "loans"), "app-3", "exportable_records"),
    ],
)
def test_what_is_wrong_is_said_without_the_id(words: tuple[str, ...], stdin: str, says: str) -> None:
    done = run(*words, stdin=stdin)
    assert code_of(done) == 2
    assert says in str(done.exception)
    assert "4711" not in str(done.exception)


def test_without_an_audit_log_nothing_is_shown(state: Path) -> None:
    (state / "keys" / "audit-signing-key").unlink()
    done = run(*REASON, stdin="app-3")
    assert (code_of(done), done.stdout) == (2, "")
    assert "fairstream audit init" in str(done.exception)
