"""Incidents: a command opens a case and an entry of the audit log, or neither."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner, Result

from stream_app.cli import app
from stream_app.edges.audit.reading import read_entries
from stream_app.programs.audit.places import log_folder, signing_key_path
from stream_app.programs.incidents import KINDS
from stream_app.settings import Settings
from stream_app.web_app import incidents as commands
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.cases.models import Case, CaseEvent
from stream_app.web_app.cases.rules import Action
from tests.support.audit_logs import reject_entry
from tests.support.command_results import code_of
from tests.support.web.pages import add_user, browser
from tests.support.web.window_results import MODEL

REASON = ("--reason", "token t4 asks for a grid")


@pytest.fixture(autouse=True)
def _database_of_tests(monkeypatch: pytest.MonkeyPatch, log: Settings) -> None:
    """Let the command use the database that Django is configured with, and the policy of the tests."""
    monkeypatch.setattr(commands, "prepare", lambda _: None)
    monkeypatch.setattr("stream_app.cli.incident.open.has_database", lambda _: True)
    monkeypatch.setenv("FAIRSTREAM_STATE", log.state_dir)
    monkeypatch.setenv("FAIRSTREAM_POLICY", "loanapp")


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["incident", "open", *words])


def entries(log: Settings) -> list[dict[str, Any]]:
    return [entry.data for _, entry in read_entries(log_folder(log)) if entry.type == "incident-opened"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_incident_is_a_case_of_its_own_and_an_entry_that_names_it(kind: str, log: Settings) -> None:
    for number in (1, 2):
        assert code_of(run(kind, *REASON)) == 0
        assert Case.objects.count() == number
    case = Case.objects.order_by("pk").last()
    assert case is not None
    assert (case.model, case.status, case.subject) == (MODEL.name, "open", f"incident: {kind.replace('-', ' ')}")
    event = CaseEvent.objects.get(case=case)
    assert (event.kind, event.text, event.actor, event.is_pending) == ("incident", REASON[1], None, False)
    newest = entries(log)[-1]
    assert (newest["case"], newest["kind"], newest["reason"]) == (case.pk, kind, REASON[1])
    assert event.audit_seq is not None


def test_the_case_of_an_incident_is_shown_worked_on_and_exported() -> None:
    run("data-breach", *REASON)
    user = add_user("ada", Role.ANALYST)
    client = browser(is_logged_in=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    number = Case.objects.get().pk
    listed = client.get("/cases").content.decode()
    assert "incident: data breach" in listed
    page = client.get(f"/cases/{number}").content.decode()
    assert "Incident opened: data breach" in page
    assert REASON[1] in page
    client.post(f"/cases/{number}/change", {"action": str(Action.ACKNOWLEDGE)})
    form = {"action": str(Action.CONCLUDE), "conclusion": "confirmed", "text": "the way is closed"}
    client.post(f"/cases/{number}/change", form)
    assert Case.objects.get().status == "concluded"
    auditor = browser(is_logged_in=False)
    auditor.force_login(add_user("aud", Role.AUDITOR), backend="django.contrib.auth.backends.ModelBackend")
    exported = auditor.post(f"/cases/{number}/export")
    assert exported.status_code == 200
    assert "Incident opened" in exported.content.decode()


def test_without_an_entry_there_is_no_case(monkeypatch: pytest.MonkeyPatch, log: Settings) -> None:
    monkeypatch.setattr("stream_app.programs.incidents.append_required", reject_entry)
    assert code_of(run("data-breach", *REASON)) == 74
    assert not Case.objects.exists()
    monkeypatch.undo()
    signing_key_path(log).unlink()


def test_without_an_audit_log_there_is_no_incident(log: Settings) -> None:
    signing_key_path(log).unlink()
    done = run("data-breach", *REASON)
    assert code_of(done) == 2
    assert "fairstream audit init" in str(done.exception)
    assert not Case.objects.exists()


def test_where_the_web_application_has_no_database_there_is_an_entry_alone(
    monkeypatch: pytest.MonkeyPatch, log: Settings
) -> None:
    monkeypatch.setattr("stream_app.cli.incident.open.has_database", commands.has_database)
    done = run("data-breach", *REASON)
    assert code_of(done) == 0
    assert "no case was opened" in done.stderr
    assert run("data-breach", *REASON, "--no-case").stderr == ""
    assert not Case.objects.exists()
    assert [("case" in entry, entry["kind"]) for entry in entries(log)] == [(False, "data-breach")] * 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("fire", *REASON), "Kinds: data-breach"),
        (("data-breach",), "--reason"),
        (("data-breach", "--reason", "two\nlines"), "--reason"),
        (("data-breach", *REASON, "--model", "other"), "other"),
        (("data-breach", "--reason", "of hm1.abcdefgh.0000000000000000000007"), "pseudonym"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_happens(words: tuple[str, ...], says: str) -> None:
    done = run(*words)
    assert code_of(done) == 2
    assert says in str(done.exception)
    assert not Case.objects.exists()
