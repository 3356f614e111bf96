"""Cases: an alert opens one, once; two people close it; every step is in the audit log, or does not happen."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from stream_app.edges.audit.reading import read_entries
from stream_app.errors import WriteError
from stream_app.pipeline.records.alerts import Alert, SealedAlert
from stream_app.programs.audit.places import log_folder, signing_key_path
from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_ALERTS
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.cases.models import Case, CaseAlert, CaseEvent, Status
from stream_app.web_app.cases.trail import append_pending
from stream_app.web_app.host import audit_trail
from stream_app.web_app.host.audit_trail import AuditRejectedError
from stream_app.web_app.projection.models import AlertRow
from stream_app.web_app.projection.store import Store, empty
from tests.support.web.pages import add_user, browser
from tests.support.web.stored_alerts import BREACH, SEALED, breach, store_alerts
from tests.support.web.window_results import MODEL, POLICY, run_of

NAME = "ada.lovelace"


def entries(log: Settings) -> list[tuple[str, dict[str, Any]]]:
    found = (entry for _, entry in read_entries(log_folder(log)))
    return [(entry.data["action"], entry.data) for entry in found if entry.type == "case-event"]


def person(name: str, role: Role = Role.ANALYST) -> tuple[Any, User]:
    """Return a client that is logged in, and its user."""
    user = add_user(name, role)
    client = browser(is_logged_in=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client, user


def send(client: Any, action: str, **form: str) -> Any:
    number = form.pop("case", "") or Case.objects.get().pk
    return client.post(f"/cases/{number}/change", {"action": action, **form})


def test_the_tables_are_those_of_the_migrations() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_a_breach_opens_a_case_and_repeated_ones_join_it() -> None:
    store_alerts(breach(), breach(pane_s=10, group="hispan"), breach(pane_s=20, change="recovery"))
    (case,) = Case.objects.all()
    assert (case.model, case.subject, case.status, case.owner) == (MODEL.name, "race", "open", None)
    assert CaseAlert.objects.filter(case=case).count() == 3
    assert [event.kind for event in CaseEvent.objects.all()] == ["opened"]


def test_attributes_intersections_outcomes_and_sealed_alerts_have_cases_of_their_own() -> None:
    store_alerts(
        breach(),
        breach(attribute="sex"),
        breach(attribute="race+sex"),
        breach(attribute="race+sex", pane_s=10),
        breach(model=f"{MODEL.name}/outcomes"),
        SEALED,
    )
    found = sorted((case.model, case.subject) for case in Case.objects.all())
    name = MODEL.name
    assert found == [
        (name, "intersections"),
        (name, "race"),
        (name, "sealed alerts"),
        (name, "sex"),
        (f"{name}/outcomes", "race"),
    ]


def test_a_recovery_opens_no_case_and_does_not_join_a_later_one() -> None:
    store_alerts(breach(change="recovery", pane_s=0, at_s=60), breach(pane_s=100, at_s=160))
    store_alerts(breach(change="recovery", pane_s=0, at_s=60))
    assert [alert.change for alert in CaseAlert.objects.all()] == ["breach"]


def test_records_that_are_read_again_and_a_rebuild_open_nothing_twice() -> None:
    alerts: list[Alert | SealedAlert] = [breach(), breach(attribute="sex"), SEALED]
    store_alerts(*alerts)
    before = [*Case.objects.order_by("pk").values_list("pk", "opened_s")]
    store_alerts(*alerts)
    empty()
    assert AlertRow.every_alert.count() == 0
    store_alerts(*alerts)
    assert [*Case.objects.order_by("pk").values_list("pk", "opened_s")] == before
    assert (CaseAlert.objects.count(), CaseEvent.objects.count()) == (3, 3)


def test_a_run_that_fails_opens_no_case(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(POLICY)
    write = store._write[FAIRNESS_ALERTS]

    def fail_at_the_second(record: Any) -> bool:
        if record.offset:
            raise KeyboardInterrupt
        return write(record)

    monkeypatch.setitem(store._write, FAIRNESS_ALERTS, fail_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        store.apply(FAIRNESS_ALERTS, None, run_of([breach(), breach(pane_s=10)]))
    assert (Case.objects.count(), AlertRow.every_alert.count()) == (0, 0)


def test_after_it_is_closed_the_next_breach_opens_another() -> None:
    store_alerts(breach())
    close_by_two()
    store_alerts(breach(pane_s=100, at_s=160), breach())
    assert [case.status for case in Case.objects.order_by("pk")] == ["closed", "open"]
    assert CaseAlert.objects.count() == 2


def close_by_two() -> None:
    first, _ = person("first")
    second, _ = person("second")
    for client, action, form in (
        (first, "acknowledge", {}),
        (first, "conclude", {"conclusion": "confirmed", "text": "The new score rejects them."}),
        (second, "close", {}),
    ):
        assert send(client, action, **form).status_code == 302, action


def test_a_case_goes_from_alert_to_closed_by_two_people_and_all_of_it_is_in_the_log(log: Settings) -> None:
    store_alerts(breach())
    first, ada = person(NAME)
    second, grace = person("grace")
    steps: list[tuple[Any, str, dict[str, str]]] = [
        (first, "acknowledge", {}),
        (first, "note", {"text": "Asked Miss Byron of the credit desk."}),
        (first, "assign", {"owner": str(grace.pk)}),
        (first, "deadline", {"due": time.strftime("%Y-%m-%d", time.gmtime(time.time() + 3 * 86_400))}),
        (first, "conclude", {"conclusion": "explained", "text": "Histories differ."}),
        (second, "return", {"text": "They do not."}),
        (first, "conclude", {"conclusion": "remediated", "text": "The score was replaced."}),
        (second, "close", {"text": "Checked."}),
    ]
    for client, action, form in steps:
        answer = send(client, action, **form)
        assert answer.status_code == 302, answer.content.decode()
    case = Case.objects.get()
    assert (case.status, case.conclusion, case.concluded_by, case.closed_by, case.open_key) == (
        "closed",
        "remediated",
        ada,
        grace,
        None,
    )
    found = entries(log)
    assert [action for action, _ in found] == ["opened", *(action for _, action, _ in steps)]
    assert found[-1][1]["by_user"] == grace.pk
    written = msgspec.json.encode(found).decode()
    for private in (NAME, "grace", "Byron", "Histories"):
        assert private not in written
    assert [event.audit_seq for event in CaseEvent.objects.order_by("id")] == [*range(1, len(steps) + 2)]


def test_who_has_concluded_does_not_close() -> None:
    store_alerts(breach())
    client, _ = person(NAME)
    send(client, "acknowledge")
    send(client, "conclude", conclusion="false_alarm", text="A test.")
    answer = send(client, "close")
    assert (answer.status_code, Case.objects.get().status) == (409, "concluded")
    assert b"somebody else closes it" in answer.content
    assert b"somebody else closes it" in client.get(f"/cases/{Case.objects.get().pk}").content


def test_a_conclusion_covers_only_the_breaches_before_it() -> None:
    store_alerts(breach())
    first, _ = person("first")
    second, _ = person("second")
    send(first, "acknowledge")
    send(first, "conclude", conclusion="confirmed", text="x")
    store_alerts(breach(pane_s=10), breach(pane_s=20, change="recovery"))
    answer = send(second, "close")
    assert (answer.status_code, Case.objects.get().status) == (409, "concluded")
    assert b"1 more breach joined" in answer.content
    send(first, "conclude", conclusion="confirmed", text="x")
    assert send(second, "close").status_code == 302


@pytest.mark.parametrize(
    ("action", "form"),
    [
        ("conclude", {"conclusion": "confirmed", "text": "x"}),
        ("close", {}),
        ("return", {"text": "x"}),
        ("note", {"text": " \n"}),
        ("note", {"text": "x" * 4001}),
        ("note", {"text": "a\0b"}),
        ("assign", {"owner": "999999"}),
        ("assign", {"owner": "1; DROP TABLE"}),
        ("deadline", {"due": "2020-01-01"}),
        ("deadline", {"due": "2999-01-01"}),
        ("deadline", {"due": "0x10"}),
        ("delete", {}),
        ("", {}),
    ],
)
def test_what_is_not_possible_changes_nothing_and_says_why(action: str, form: dict[str, str]) -> None:
    store_alerts(breach())
    client, _ = person(NAME)
    before = Case.objects.values().get()
    answer = send(client, action, **form)
    assert answer.status_code == 409
    assert b"Back to case" in answer.content
    assert (Case.objects.values().get(), CaseEvent.objects.count()) == (before, 1)


@pytest.mark.parametrize("conclusion", ["", "wrong", "confirmed "])
def test_a_conclusion_is_one_of_four_and_has_reasons(conclusion: str) -> None:
    store_alerts(breach())
    client, _ = person(NAME)
    send(client, "acknowledge")
    assert send(client, "conclude", conclusion=conclusion, text="x").status_code == 409
    assert send(client, "conclude", conclusion="confirmed", text=" ").status_code == 409
    assert Case.objects.get().status == "acknowledged"


def test_a_closed_case_stays_as_it_is() -> None:
    store_alerts(breach())
    close_by_two()
    client, _ = person("third")
    for action in ("acknowledge", "assign", "note", "deadline", "conclude", "return", "close"):
        answer = send(client, action, text="x", conclusion="confirmed")
        assert (answer.status_code, b"The case is closed." in answer.content) == (409, True)


def test_an_owner_is_an_analyst_who_can_log_in() -> None:
    store_alerts(breach())
    client, _ = person(NAME)
    viewer, gone = add_user("viewer", Role.VIEWER), add_user("gone", Role.ANALYST)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    for user in (viewer, gone):
        assert send(client, "assign", owner=str(user.pk)).status_code == 409
    assert send(client, "assign", owner="").status_code == 302


def test_without_an_audit_entry_nothing_happens(log: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    store_alerts(breach())
    append_pending()
    client, _ = person(NAME)

    def fail(*_: object) -> None:
        raise WriteError("The disk is full")

    before = Case.objects.values().get()
    monkeypatch.setattr(audit_trail, "append_event", fail)
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


def test_an_overdue_case_is_marked_until_it_is_closed() -> None:
    store_alerts(breach())
    Case.objects.update(due_s=1)
    client, _ = person(NAME)
    for path in ("/cases", f"/cases/{Case.objects.get().pk}", "/cases?state=overdue"):
        assert "overdue</span>" in client.get(path).content.decode()
    assert "1 of them overdue" in client.get("/").content.decode()
    close_by_two()
    assert "overdue</span>" not in client.get("/cases?state=every").content.decode()


@pytest.mark.parametrize(
    ("query", "is_listed"),
    [
        ("", True),
        ("state=closed", False),
        ("state=every", True),
        ("state=overdue", False),
        (f"model={MODEL.name}", True),
        ("owner=me", True),
        ("owner=nobody", False),
        ("search=rac", True),
        ("search=%00sex", False),
        ("page=99", True),
    ],
)
def test_cases_are_listed_by_what_is_chosen(query: str, is_listed: bool) -> None:  # noqa: FBT001  # of a table
    store_alerts(breach())
    client, _ = person(NAME)
    send(client, "acknowledge")
    text = client.get(f"/cases?{query}").content.decode()
    assert (f"Case {Case.objects.get().pk}</a>" in text) == is_listed


def test_a_model_of_another_policy_has_no_page_whoever_asks() -> None:
    store_alerts(breach(model="other"), breach(model=f"{MODEL.name}/other"))
    numbers = [case.pk for case in Case.objects.all()]
    assert len(numbers) == 2
    for number in [*numbers, 0, 2**63, 10**40]:
        for role in Role:
            client = browser(role)
            assert client.get(f"/cases/{number}").status_code == 404
            if role is Role.ANALYST:
                assert client.post(f"/cases/{number}/change", {"action": "acknowledge"}).status_code == 404
            if role is Role.AUDITOR:
                assert client.post(f"/cases/{number}/export").status_code == 404
    client = browser(Role.VIEWER)
    for row in AlertRow.every_alert.all():
        assert client.get(f"/alerts/{row.id}").status_code == 404
    for path in ("/alerts", "/cases?state=every", "/"):
        assert "other" not in client.get(path).content.decode()
    assert client.get("/alerts?model=other").status_code == 404
    assert {case.status for case in Case.objects.all()} == {"open"}


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


def test_only_analysts_are_offered_forms() -> None:
    store_alerts(BREACH)
    number = Case.objects.get().pk
    for role in Role:
        text = browser(role).get(f"/cases/{number}").content.decode()
        assert ("/change" in text) == (role is Role.ANALYST)
        assert ("/export" in text) == (role is Role.AUDITOR)


def test_a_form_without_its_token_changes_nothing() -> None:
    store_alerts(BREACH)
    client = browser(Role.ANALYST, enforce_csrf_checks=True)
    assert send(client, "acknowledge").status_code == 403
    assert Case.objects.get().status == "open"


def test_a_notification_leads_to_the_open_case_of_its_model_and_attribute() -> None:
    client = browser(Role.VIEWER)

    def leads_to(**query: str) -> str:
        return str(client.get("/cases/about", {"model": MODEL.name, "about": "decisions", **query})["Location"])

    assert leads_to(attribute="race") == "/cases"
    store_alerts(breach())
    first = Case.objects.get()
    assert leads_to(attribute="race") == f"/cases/{first.pk}"
    Case.objects.update(status=Status.CLOSED, open_key=None)
    store_alerts(breach(pane_s=BREACH.pane_s + 60), breach(attribute="race+sex", group="black & female"))
    by_subject = {case.subject: case.pk for case in Case.objects.order_by("id")}
    assert leads_to(attribute="race") == f"/cases/{by_subject['race']}" != f"/cases/{first.pk}"
    assert leads_to(attribute="race+sex") == f"/cases/{by_subject['intersections']}"
    assert leads_to(attribute="race", about="outcomes") == "/cases"
    store_alerts(SEALED)
    sealed = Case.objects.get(about="sealed")
    assert leads_to(attribute="sex") == f"/cases/{sealed.pk}"
    for query in ({"model": "another"}, {"model": f"{MODEL.name}/outcomes"}, {"model": "//elsewhere.example"}):
        assert client.get("/cases/about", query).status_code == 404
    stranger = browser(is_logged_in=False).get("/cases/about", {"model": MODEL.name, "attribute": "race"})
    assert stranger["Location"] == f"/login?next=/cases/about%3Fmodel%3D{MODEL.name}%26attribute%3Drace"
