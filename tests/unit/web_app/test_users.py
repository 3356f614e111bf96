"""Users are invited, given a role and disabled by administrators, not by themselves; each is in the audit log."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User

from stream_app.edges.audit.reading import read_entries
from stream_app.programs.audit.places import log_folder
from stream_app.settings import Settings
from stream_app.web_app.accounts.invitations import invite
from stream_app.web_app.accounts.models import Invitation
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.host import audit_trail
from tests.support.audit_logs import reject_entry
from tests.support.web.pages import PASSWORD, add_user, browser


def entries(log: Settings) -> list[dict[str, Any]]:
    found = [entry.data for _, entry in read_entries(log_folder(log)) if entry.type == "user-event"]
    return [{name: value for name, value in data.items() if name != "code_version"} for data in found]


def administrator() -> tuple[Any, User]:
    """Return a client of an administrator, and its user."""
    user = add_user("ada", Role.ADMINISTRATOR)
    client = browser(is_logged_in=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client, user


def test_an_administrator_invites_a_user_whose_role_is_then_changed_and_who_is_disabled(log: Settings) -> None:
    client, ada = administrator()
    text = client.post("/users/invite", {"username": "grace", "role": "analyst"}).content.decode()
    found = re.search(r"http://127\.0\.0\.1/welcome/([\w-]+)", text)
    assert found is not None
    assert found[1] not in client.get("/users").content.decode()
    new = browser(is_logged_in=False)
    assert new.post(f"/welcome/{found[1]}", {"password": PASSWORD, "repeated": PASSWORD}).status_code == 302
    grace = User.objects.get(username="grace")
    assert new.post("/login", {"username": "grace", "password": PASSWORD}).status_code == 302
    assert (new.get("/cases").status_code, new.get("/users").status_code) == (200, 403)
    assert client.post(f"/users/{grace.pk}/change", {"action": "role", "role": "auditor"}).status_code == 302
    assert [group.name for group in grace.groups.all()] == ["auditor"]
    assert client.post(f"/users/{grace.pk}/change", {"action": "disable"}).status_code == 302
    assert new.get("/cases").status_code == 302  # logged out
    assert client.post(f"/users/{grace.pk}/change", {"action": "enable"}).status_code == 302
    assert entries(log) == [
        {"action": "invited", "role": "analyst", "by_user": ada.pk},
        {"action": "created", "role": "analyst", "user": grace.pk},
        {"action": "role", "role": "auditor", "user": grace.pk, "by_user": ada.pk},
        {"action": "disable", "user": grace.pk, "by_user": ada.pk},
        {"action": "enable", "user": grace.pk, "by_user": ada.pk},
    ]


@pytest.mark.parametrize("form", [{"action": "role", "role": "analyst"}, {"action": "disable"}])
def test_nobody_changes_their_own_user(form: dict[str, str]) -> None:
    client, ada = administrator()
    answer = client.post(f"/users/{ada.pk}/change", form)
    assert (answer.status_code, b"Another administrator" in answer.content) == (409, True)
    ada.refresh_from_db()
    assert (ada.is_active, [group.name for group in ada.groups.all()]) == (True, ["administrator"])


@pytest.mark.parametrize(
    "form", [{"action": "role", "role": "owner"}, {"action": "role"}, {"action": "delete"}, {}, {"action": "x\0"}]
)
def test_an_unknown_role_or_action_changes_nothing(form: dict[str, str]) -> None:
    client, _ = administrator()
    user = add_user("grace", Role.VIEWER)
    assert client.post(f"/users/{user.pk}/change", form).status_code == 409
    assert [group.name for group in user.groups.all()] == ["viewer"]
    assert client.post(f"/users/{10**30}/change", {"action": "disable"}).status_code == 409


@pytest.mark.parametrize(
    ("name", "role"),
    [("", "viewer"), ("a b", "viewer"), ("<script>", "viewer"), ("ADA", "viewer"), ("x\0", "viewer"), ("eve", "root")],
)
def test_an_invalid_invitation_makes_no_link(name: str, role: str) -> None:
    client, _ = administrator()
    answer = client.post("/users/invite", {"username": name, "role": role})
    assert (answer.status_code, Invitation.objects.count()) == (409, 0)
    assert b"<script>" not in answer.content
    assert b"/welcome/" not in answer.content


def test_without_an_audit_entry_no_user_is_changed_or_created(log: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = administrator()
    user, token = add_user("grace", Role.VIEWER), invite("eve", Role.VIEWER)
    monkeypatch.setattr(audit_trail, "append_event", reject_entry)
    for path, form in (
        (f"/users/{user.pk}/change", {"action": "disable"}),
        (f"/users/{user.pk}/change", {"action": "role", "role": "auditor"}),
        ("/users/invite", {"username": "bob", "role": "viewer"}),
        (f"/welcome/{token}", {"password": PASSWORD, "repeated": PASSWORD}),
    ):
        assert client.post(path, form).status_code == 503
    user.refresh_from_db()
    assert (user.is_active, [group.name for group in user.groups.all()]) == (True, ["viewer"])
    assert (User.objects.count(), Invitation.objects.count()) == (2, 1)
    assert not log_folder(log).joinpath("checkpoints.jsonl").exists()


def test_users_are_searched_and_listed_on_several_pages() -> None:
    client, _ = administrator()
    for number in range(60):
        add_user(f"user-{number:02}", Role.VIEWER)
    assert "Page 2 of 2" in client.get("/users?page=2").content.decode()
    text = client.get("/users?search=R-07").content.decode()
    assert ("user-07" in text, "user-08" in text) == (True, False)
    assert "No user has this" in client.get("/users?search=%00%3Cscript%3E").content.decode()
