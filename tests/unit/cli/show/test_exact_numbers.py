"""Numbers about groups of any size are shown only after the audit log has an entry that says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from stream_app.cli import app
from stream_app.programs.audit.events import append_exact
from stream_app.settings import Settings
from tests.support.audit_logs import entries_of

NOBODY = ("--kafka", "127.0.0.1:1", "--policy", "loans")  # the entry comes before the broker is asked


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAIRSTREAM_STATE", str(tmp_path / "state"))
    assert CliRunner().invoke(app, ["audit", "init"]).exit_code == 0
    return tmp_path / "state"


@pytest.mark.parametrize("words", [("results",), ("alerts", "list"), ("replay", "verify", "--published")])
def test_nothing_is_shown_if_the_log_accepts_no_entry(words: tuple[str, ...], state: Path) -> None:
    (state / "audit").chmod(0o755)
    done = CliRunner().invoke(app, [*words, *NOBODY, "--unsafe-exact"])
    assert done.stdout == ""
    assert "only its owner can access" in str(done.exception)


def test_the_entry_names_command_and_model(state: Path) -> None:
    append_exact(Settings(state_dir=str(state)), "results", "loans")
    append_exact(Settings(state_dir=str(state)), "alerts list", None)
    first, second = [entry.data for entry in entries_of(state, "exact-numbers-shown")]
    assert (first["command"], first["model"], second["command"], second["model"]) == (
        "results",
        "loans",
        "alerts list",
        "",
    )
