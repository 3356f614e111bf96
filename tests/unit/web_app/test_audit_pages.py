"""Auditors search the log, verify it and take proofs away; what was changed is found."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from stream_app.programs.audit.places import log_folder, verifier_key
from stream_app.settings import Settings
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.host import audit_trail
from tests.support.web.pages import browser

HOSTILE = "<img src=x onerror=alert(1)>\u202e"


def text_of(path: str, *, is_sent: bool = False) -> str:
    client = browser(Role.AUDITOR)
    answer = client.post(path) if is_sent else client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def fill() -> None:
    audit_trail.append("user-event", {"action": "created", "user": 7, "model": HOSTILE})
    audit_trail.append("case-event", {"action": "close", "by_user": 8, "model": "loans"})


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", (True, True)),
        ("type=case-event", (False, True)),
        ("user=7", (True, False)),
        ("user=8", (False, True)),
        ("model=loans", (False, True)),
        ("model=loan", (False, False)),
        ("actor=@", (True, True)),
        ("actor=nobody%00", (False, False)),
        ("to=2020-01-01&from=2019-01-01", (False, False)),
        ("from=2020-01-01", (True, True)),
    ],
)
@pytest.mark.usefixtures("log")
def test_entries_are_found_by_day_type_actor_user_and_model(query: str, shown: tuple[bool, bool]) -> None:
    fill()
    text = text_of(f"/audit?{query}")
    assert ("&quot;created&quot;" in text, "&quot;close&quot;" in text) == shown
    assert "<img" not in text
    assert "\u202e" not in text


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("query", ["from=x", "to=2020-13-01", "from=%00"])
def test_what_is_no_day_is_not_found(query: str) -> None:
    assert browser(Role.AUDITOR).get(f"/audit?{query}").status_code == 404


@pytest.mark.usefixtures("log")
def test_the_newest_entry_is_first() -> None:
    fill()
    text = text_of("/audit")
    assert text.index("&quot;close&quot;") < text.index("&quot;created&quot;")


def test_a_log_is_verified_and_a_changed_one_is_found(log: Settings) -> None:
    fill()
    assert '<span class="state ok">right</span>' in text_of("/audit/verify", is_sent=True)
    (segment,) = log_folder(log).glob("date=*/seg-*.jsonl")
    segment.write_bytes(segment.read_bytes().replace(b'"created"', b'"removed"'))
    text = text_of("/audit/verify", is_sent=True)
    assert "not what was written" in text
    assert "The first wrong entry is" in text


def test_a_log_that_cannot_be_read_is_said_to_be_so(log: Settings) -> None:
    fill()
    (segment,) = log_folder(log).glob("date=*/seg-*.jsonl")
    segment.write_bytes(segment.read_bytes() + b"{]\n")
    assert "The log cannot be read" in text_of("/audit")


def test_a_proof_is_right_for_the_verifier_that_needs_no_fairstream(log: Settings, tmp_path: Path) -> None:
    fill()
    answer = browser(Role.AUDITOR).get("/audit/2/proof")
    assert answer["Content-Disposition"] == 'attachment; filename="proof-2.json"'
    proof = json.loads(answer.content)
    assert json.loads(proof["entry"])["data"]["action"] == "close"
    program, given = tmp_path / "verify_proof.py", tmp_path / "proof.json"
    program.write_text(files("stream_app.programs.audit").joinpath("verify_proof.py").read_text("utf-8"), "utf-8")
    given.write_bytes(answer.content)
    command = [sys.executable, str(program), str(given), str(verifier_key(log, None))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("seq", [99, 2**64, 10**30])
def test_there_is_no_proof_of_what_is_not_there(seq: int) -> None:
    fill()
    assert browser(Role.AUDITOR).get(f"/audit/{seq}/proof").status_code == 404


def test_without_a_log_the_page_says_how_to_create_one() -> None:
    assert "fairstream audit init" in text_of("/audit")
    assert browser(Role.AUDITOR).get("/audit/0/proof").status_code == 404
    assert "cannot be verified" in text_of("/audit/verify", is_sent=True) or "No audit log" in text_of("/audit")
