"""Every step of a case is in the audit log, or does not happen; an export has proofs."""

from __future__ import annotations

import pytest

from stream_app.programs.audit.places import signing_key_path
from stream_app.settings import Settings
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.cases.models import Case, CaseEvent
from stream_app.web_app.cases.trail import append_pending
from stream_app.web_app.host import audit_trail
from stream_app.web_app.host.audit_trail import AuditRejectedError
from tests.support.audit_logs import reject_entry
from tests.support.web.case_steps import NAME, entries, send
from tests.support.web.pages import person
from tests.support.web.stored_alerts import BREACH, SEALED, breach, store_alerts


def test_without_an_audit_entry_nothing_happens(log: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    store_alerts(breach())
    append_pending()
    client, _ = person(NAME)

    before = Case.objects.values().get()
    monkeypatch.setattr(audit_trail, "append_event", reject_entry)
    for action in ("acknowledge", "note"):
        answer = send(client, action, text="x")
        assert (answer.status_code, b"the audit log accepts no entry" in answer.content) == (503, True)
        assert b"full" not in answer.content  # for the operator, in the log of the process
    auditor, _ = person("auditor", Role.AUDITOR)
    assert auditor.post(f"/cases/{before['id']}/export").status_code == 503
    assert (Case.objects.values().get(), CaseEvent.objects.count()) == (before, 1)
    assert [action for action, _ in entries(log)] == ["opened"]


def test_a_log_that_cannot_be_written_delays_no_case_and_gets_its_entry_later(log: Settings) -> None:
    key = signing_key_path(log)
    key.chmod(0o644)  # no longer safe
    store_alerts(breach())
    with pytest.raises(AuditRejectedError):
        append_pending()
    assert Case.objects.count() == 1
    key.chmod(0o600)
    append_pending()
    append_pending()
    assert [action for action, _ in entries(log)] == ["opened"]


def test_an_export_needs_nothing_else_and_has_proofs(log: Settings) -> None:
    store_alerts(BREACH, SEALED)
    case = Case.objects.get(about="attribute")
    first, _ = person(NAME)
    send(first, "acknowledge", case=str(case.pk))
    send(first, "note", case=str(case.pk), text="<script>alert(1)</script> {{ 7|add:7 }}")
    auditor, _ = person("auditor", Role.AUDITOR)
    answer = auditor.post(f"/cases/{case.pk}/export")
    text = answer.content.decode()
    assert answer["Content-Disposition"] == f'attachment; filename="case-{case.pk}.html"'
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7|add:7 }}" in text
    for absent in (" src=", "<link", "href=", "url("):
        assert absent not in text
    assert BREACH.id in text
    assert "fairstream replay verify --published" in text
    assert "<svg" in text
    n_proofs = text.count("&quot;checkpoint&quot;")
    assert n_proofs == CaseEvent.objects.filter(case=case).count() == 4  # the export itself too
    assert entries(log)[-1][0] == "exported"


def test_without_a_log_the_case_and_its_file_say_so() -> None:
    store_alerts(BREACH)
    auditor, _ = person("auditor", Role.AUDITOR)
    number = Case.objects.get().pk
    assert b"has no audit log" in auditor.get(f"/cases/{number}").content
    assert b"there is no proof" in auditor.post(f"/cases/{number}/export").content
