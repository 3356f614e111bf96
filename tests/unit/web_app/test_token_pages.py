"""Tokens on their page: shown once, with no role but one's own, ended by their owner or an administrator, audited."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from stream_app.edges.audit.reading import read_entries
from stream_app.programs.audit.places import log_folder
from stream_app.settings import Settings
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.api.access import tokens
from stream_app.web_app.api.models import Token
from stream_app.web_app.api.token_pages.owned import MAX_OWN
from stream_app.web_app.host import audit_trail
from tests.support.audit_logs import reject_entry
from tests.support.web.pages import browser, person
from tests.support.web.programs import Program, error_of, make_token

_TEXT = re.compile(r"fs_[a-z2-7]{8}_[A-Za-z0-9_-]{43}")


def create(client: Any, **form: Any) -> Any:
    return client.post("/tokens/create", {"name": "score board", "role": "analyst", "days": "7"} | form)


def made(client: Any, **form: Any) -> str:
    """Return the text of a new token."""
    answer = create(client, **form)
    assert answer.status_code == 200
    found = _TEXT.search(answer.content.decode())
    assert found is not None
    return found[0]


def entries(log: Settings) -> list[tuple[str, dict[str, Any]]]:
    found = [entry for _, entry in read_entries(log_folder(log)) if entry.type.startswith("api-token")]
    return [(e.type, {name: value for name, value in e.data.items() if name != "code_version"}) for e in found]


def test_a_token_is_shown_once_works_and_ends_and_both_are_in_the_audit_log(log: Settings) -> None:
    client, ada = person("ada", Role.ANALYST)
    text = made(client, scope=["alerts", "cases"])
    token = Token.objects.get()
    assert (token.owner, token.role, token.scopes) == (ada, "analyst", "alerts cases")
    listed = client.get("/tokens").content.decode()
    assert token.id in listed
    assert text.split("_", 2)[2] not in listed
    program = Program(text)
    assert [program.get(f"/api/{name}").status_code for name in ("alerts", "cases", "results")] == [200, 200, 403]
    assert client.post(f"/tokens/{token.id}/revoke").status_code == 302
    assert error_of(program.get("/api/alerts"))["code"] == "unauthenticated"
    again = client.post(f"/tokens/{token.id}/revoke")
    assert (again.status_code, b"revoked already" in again.content) == (409, True)
    facts = {"token": token.id, "role": "analyst", "by_user": ada.pk}
    assert entries(log) == [
        ("api-token-created", facts | {"scopes": ["alerts", "cases"], "days": 7}),
        ("api-token-revoked", facts),
    ]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"role": "auditor"}, "role that you have yourself"),
        ({"role": "administrator"}, "role that you have yourself"),
        ({"role": ""}, "role that you have yourself"),
        ({"role": "root\0"}, "role that you have yourself"),
        ({"scope": ["alerts", "root"]}, "no such scope"),
        ({"scope": ["audit"]}, "does not have the scope audit"),
        ({"days": "0"}, "1 to 365 days"),
        ({"days": "366"}, "1 to 365 days"),
        ({"days": "-1"}, "1 to 365 days"),
        ({"days": "٣"}, "1 to 365 days"),
        ({"days": "9" * 5000}, "1 to 365 days"),
        ({"days": ""}, "1 to 365 days"),
        ({"reads_per_min": "0"}, "1 to 1,000,000 requests"),
        ({"writes_per_min": "-1"}, "1 to 1,000,000 requests"),
        ({"writes_per_min": "1.5"}, "1 to 1,000,000 requests"),
        ({"reads_per_min": "9" * 5000}, "1 to 1,000,000 requests"),
        ({"reads_per_min": "٣"}, "1 to 1,000,000 requests"),
        ({"reads_per_min": "12001"}, "Only an administrator gives a token more than 12,000"),
        ({"writes_per_min": "101"}, "Only an administrator gives a token more than 100"),
        ({"name": ""}, "printable"),
        ({"name": "x" * 101}, "printable"),
        ({"name": "a\u202eb"}, "printable"),
        ({"name": "a\0b"}, "printable"),
    ],
)
def test_an_invalid_form_makes_no_token_and_says_why(form: dict[str, Any], words: str) -> None:
    client, _ = person("ada", Role.ANALYST)
    answer = create(client, **form)
    assert (answer.status_code, Token.objects.count()) == (409, 0)
    assert words in answer.content.decode()
    assert _TEXT.search(answer.content.decode()) is None


@pytest.mark.parametrize("role", Role)
def test_a_token_can_do_at_most_what_its_owner_may(role: Role) -> None:
    client, _ = person("ada", role)
    for other in Role:
        assert create(client, role=other).status_code == (200 if other is role else 409)
    (token,) = Token.objects.all()
    assert token.role == role


def test_nobody_but_its_owner_and_administrators_sees_or_ends_a_token() -> None:
    ada, _ = person("ada", Role.ANALYST)
    eve, _ = person("eve", Role.AUDITOR)
    root, _ = person("root", Role.ADMINISTRATOR)
    made(ada, name="of-ada")
    of_operator = tokens.create("of-operator", Role.VIEWER, [], 7)[0]
    token = Token.objects.get(name="of-ada")
    for name in (token.id, of_operator.id, "aaaaaaaa", "%00", "x" * 500):
        assert eve.post(f"/tokens/{name}/revoke").status_code == 404
    text = eve.get("/tokens?search=of-").content.decode()
    assert "of-ada" not in text
    assert "of-operator" not in text
    text = root.get("/tokens").content.decode()
    assert "of-ada" in text
    assert "an operator" in text
    assert "of-ada" not in root.get("/tokens?search=operator").content.decode()
    assert "of-operator" not in root.get("/tokens?search=ADA").content.decode()
    assert root.post(f"/tokens/{token.id}/revoke").status_code == 302
    assert ada.post(f"/tokens/{of_operator.id}/revoke").status_code == 404
    assert Token.objects.get(name="of-operator").revoked_at is None


@pytest.mark.parametrize("change", ["role", "disable"])
def test_a_token_works_while_its_owner_has_the_role_and_can_log_in(change: str) -> None:
    client, ada = person("ada", Role.ANALYST)
    program = Program(made(client))
    root, _ = person("root", Role.ADMINISTRATOR)
    assert program.get("/api/alerts").status_code == 200
    form = {"action": change, "role": "viewer"} if change == "role" else {"action": change}
    assert root.post(f"/users/{ada.pk}/change", form).status_code == 302
    assert program.get("/api/alerts").status_code == 401
    assert "suspended" in root.get("/tokens").content.decode()
    ada.groups.set([Group.objects.get(name="analyst")])
    User.objects.filter(pk=ada.pk).update(is_active=True)
    assert program.get("/api/alerts").status_code == 200


def test_a_user_gives_a_token_lower_limits_and_an_administrator_any(log: Settings) -> None:
    ada, _ = person("ada", Role.ANALYST)
    root, _ = person("root", Role.ADMINISTRATOR)
    eve, _ = person("eve", Role.AUDITOR)
    made(ada, reads_per_min="600", writes_per_min=" 5 ")
    token = Token.objects.get()
    assert (token.reads_per_min, token.writes_per_min) == (600, 5)
    assert "600 reading, 5 other" in ada.get("/tokens").content.decode()

    def limit(client: Any, **form: str) -> int:
        return int(client.post(f"/tokens/{token.id}/limit", form).status_code)

    assert limit(ada, reads_per_min="12001") == 409
    assert limit(eve, reads_per_min="1") == 404
    assert limit(ada, reads_per_min="700") == 302
    assert limit(root, reads_per_min="1000000", writes_per_min="200") == 302
    assert "1,000,000 reading, 200 other" in ada.get("/tokens").content.decode()
    assert limit(root) == 302
    assert "12,000 reading, 100 other" in ada.get("/tokens").content.decode()
    ada.post(f"/tokens/{token.id}/revoke")
    assert limit(ada, reads_per_min="1") == 409
    limited = [facts for kind, facts in entries(log) if kind == "api-token-limited"]
    assert [
        {name: facts[name] for name in facts.keys() & {"reads_per_min", "writes_per_min"}} for facts in limited
    ] == [
        {"reads_per_min": 700},
        {"reads_per_min": 1_000_000, "writes_per_min": 200},
        {},
    ]


def test_a_token_of_an_operator_needs_no_user() -> None:
    assert Program(make_token("viewer")).get("/api/alerts").status_code == 200


def test_a_user_has_a_limited_number_of_working_tokens() -> None:
    client, ada = person("ada", Role.ANALYST)
    for number in range(MAX_OWN):
        made(client, name=f"t{number}")
    assert "revoke one first" in create(client).content.decode()
    Token.objects.filter(name="t0").update(expires_at=timezone.now() - timedelta(days=1))
    made(client)
    assert Token.objects.filter(owner=ada).count() == MAX_OWN + 1


def test_without_an_audit_entry_there_is_no_token_and_none_ends(log: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = person("ada", Role.ANALYST)
    text = made(client)
    token = Token.objects.get()
    monkeypatch.setattr(audit_trail, "append_event", reject_entry)
    answer = create(client, name="second")
    assert (answer.status_code, Token.objects.count()) == (503, 1)
    assert _TEXT.search(answer.content.decode()) is None
    assert client.post(f"/tokens/{token.id}/revoke").status_code == 503
    assert Program(text).get("/api/alerts").status_code == 200
    assert len(entries(log)) == 1


def test_a_name_is_text_and_nothing_else() -> None:
    client, _ = person("ada", Role.ANALYST)
    hostile = "\"><img src=x onerror=alert(1)>{{ 7|add:7 }}' OR 1=1"
    answers = [create(client, name=hostile), client.get("/tokens"), create(client, name=hostile, days="x")]
    for answer in answers:
        text = answer.content.decode()
        assert "<img" not in text
        assert "&lt;img src=x" in text
        assert "{{ 7|add:7 }}" in text


def test_pages_of_tokens_say_where_there_is_nothing() -> None:
    client, _ = person("ada", Role.VIEWER)
    assert "No tokens yet" in client.get("/tokens").content.decode()
    assert "No token is like this" in client.get("/tokens?search=x").content.decode()


def test_many_tokens_are_listed_on_several_pages() -> None:
    for number in range(60):
        tokens.create(f"t-{number:02}", Role.VIEWER, [], 7)
    client, _ = person("root", Role.ADMINISTRATOR)
    assert "Page 2 of 2" in client.get("/tokens?page=2").content.decode()


def test_a_form_without_its_csrf_token_makes_no_token() -> None:
    client = browser(Role.ANALYST, enforce_csrf_checks=True)
    assert create(client).status_code == 403
    assert not Token.objects.exists()
