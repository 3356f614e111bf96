"""The pages of cases: lists, overdue cases, forms, and the links that notifications have."""

from __future__ import annotations

import pytest

from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.cases.models import Case, Status
from stream_app.web_app.projection.models import AlertRow
from tests.support.web.case_steps import NAME, close_by_two, send
from tests.support.web.pages import browser, person
from tests.support.web.stored_alerts import BREACH, SEALED, breach, store_alerts
from tests.support.web.window_results import MODEL


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
