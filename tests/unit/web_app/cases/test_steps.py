"""A case goes from its alert to its end by two people, and what is not possible changes nothing."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User

from stream_app.settings import Settings
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.cases.models import Case, CaseEvent
from tests.support.web.case_steps import NAME, close_by_two, entries, send
from tests.support.web.pages import add_user, person
from tests.support.web.stored_alerts import breach, store_alerts


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
