"""``checklist`` as a person runs it: states in words, exit codes, confirmations in the audit log."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stream_app.cli import app
from stream_app.cli.output import facts
from tests.support.audit_logs import entries_of
from tests.support.command_results import code_of

NOBODY = ("--kafka", "127.0.0.1:1")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("FAIRSTREAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FAIRSTREAM_STATE", str(tmp_path / "state"))
    CliRunner().invoke(app, ["keys", "init"])
    CliRunner().invoke(app, ["audit", "init"])
    return tmp_path / "state"


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["checklist", *words])


def items(*words: str) -> dict[str, dict[str, str]]:
    return {one["item"]: one for one in map(json.loads, run(*words, *NOBODY, "--json").stdout.splitlines())}


def test_a_confirmation_makes_an_item_ok_and_is_an_entry_with_name_and_note(state: Path) -> None:
    before = items("pre-deployment")["recovery"]
    assert (before["state"], before["text"]) == ("unknown", "Nobody has confirmed it.")
    assert code_of(run("confirm", "recovery", "--by", "ops", "--note", "ticket 12")) == 0
    after = items("pre-deployment")["recovery"]
    assert after["state"] == "ok"
    assert "by ops: ticket 12" in after["text"]
    [entry] = entries_of(state, "checklist-confirmed")
    assert {"item": "recovery", "by": "ops", "note": "ticket 12"}.items() <= entry.data.items()
    assert items("pre-deployment")["access-review"]["text"] == "Nobody has confirmed it."


def test_what_needs_a_broker_is_unknown_without_one_and_the_command_ends_with_1() -> None:
    done = run("ongoing", *NOBODY)
    assert code_of(done) == 1
    found = items("ongoing")
    assert {found[name]["state"] for name in ("retention", "open-breaches")} == {"unknown"}
    assert "127.0.0.1:1" in found["retention"]["text"]
    assert found["keys"]["state"] == "ok"
    assert "model-documentation" not in found


def test_each_line_fits_a_terminal_and_the_state_is_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "width", 80)
    lines = run(*NOBODY).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert {line.split()[0] for line in lines[:-1] if not line.startswith(" ")} == {"ok", "attention", "unknown"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("confirm", "validation", "--by", "x", "--note", "y"), "Items: adversarial-test"),
        (("confirm", "recovery", "--by", " ", "--note", "y"), "--by"),
        (("confirm", "recovery", "--by", "x", "--note", "two\nlines"), "--note"),
        (("confirm", "recovery", "--by", "x", "--note", "of hm1.abcdefgh.0000000000000000000007"), "pseudonym"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_confirmed(words: tuple[str, ...], says: str) -> None:
    done = run(*words)
    assert code_of(done) == 2
    assert says in str(done.exception)
    assert items("pre-deployment")["recovery"]["state"] == "unknown"


def test_entries_are_counted_by_type() -> None:
    for note in ("a", "b"):
        run("confirm", "recovery", "--by", "ops", "--note", note)
    done = CliRunner().invoke(app, ["audit", "count", "--json"])
    counts = {one["type"]: one["n"] for one in map(json.loads, done.stdout.splitlines())}
    assert counts == {"checklist-confirmed": 2, "segment-open": 1}
    later = CliRunner().invoke(app, ["audit", "count", "--from", "2999-01-01T00:00:00Z"])
    assert later.stdout == ""
