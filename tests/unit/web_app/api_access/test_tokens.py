"""Tokens of the API: what is stored of them, when they end, and what is none."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from stream_app.errors import ConfigError
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.api.access import tokens
from stream_app.web_app.api.models import Token
from tests.support.web.pages import browser
from tests.support.web.programs import Program, error_of, make_token


def test_only_a_hash_of_a_token_is_stored_and_its_last_day_is_noted() -> None:
    text = make_token("viewer")
    token = Token.objects.get()
    assert re.fullmatch(r"fs_[a-z2-7]{8}_[A-Za-z0-9_-]{43}", text)
    secret = text.split("_", 2)[2]
    assert not any(secret in str(value) for value in Token.objects.values_list()[0])
    assert token.last_used_on is None
    Program(text).get("/api/policies")
    assert Token.objects.get().last_used_on == timezone.now().date()


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": timezone.now() - timedelta(seconds=1)},
        {"revoked_at": timezone.now() - timedelta(days=1)},
        {"revoked_at": timezone.now() + timedelta(days=1)},
        {"digest": "0" * 64},
        {"digest": ""},
        {"id": "aaaaaaaa"},
    ],
)
def test_a_token_that_ended_or_was_changed_is_not_accepted(change: dict[str, Any]) -> None:
    text = make_token("viewer")
    assert Program(text).get("/api/policies").status_code == 200
    Token.objects.update(**change)
    assert error_of(Program(text).get("/api/policies"))["code"] == "unauthenticated"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer {token} ",
        "Bearer  {token}",
        "Bearer {token}\t",
        "Bearer {token}a",
        "Bearer {other}",
        "Bearer fs_aaaaaaaa_",
        "Bearer \u0000",
        "Basic {token}",
        "{token}",
        "Bearer eyJhbGciOiJub25lIn0.eyJyb2xlIjoiYWRtaW5pc3RyYXRvciJ9.",
        "Bearer eyJhbGciOiJIUzI1NiIsImtpZCI6Ii4uLy4uL3gifQ.eyJleHAiOjB9.AAAA",
        "Bearer " + "x" * 8000,
    ],
)
def test_whatever_is_no_token_gets_the_same_answer(header: str) -> None:
    text = make_token("viewer")
    other = text[:-1] + ("A" if text[-1] != "A" else "B")
    answer = Program().get("/api/policies", {"Authorization": header.format(token=text, other=other)})
    assert answer.status_code == 401
    error = error_of(answer)
    assert error == {**error, "code": "unauthenticated", "message": "Send a valid token: Authorization: Bearer fs_..."}


def test_the_word_bearer_is_read_without_regard_to_case_and_cookies_are_not() -> None:
    text = make_token("viewer")
    assert Program().get("/api/policies", {"Authorization": f"bEaReR {text}"}).status_code == 200
    assert Program().get("/api/policies", {"Cookie": f"fairstream={text}"}).status_code == 401
    assert Program().get(f"/api/policies?token={text}").status_code == 401


def test_a_login_of_a_person_does_not_open_the_api() -> None:
    assert browser(Role.ADMINISTRATOR).get("/api/policies").status_code == 401


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101, "\x1b[0m"])
def test_a_token_needs_a_printable_name(name: str) -> None:
    with pytest.raises(ConfigError, match="printable"):
        tokens.create(name, Role.VIEWER, [], 90)


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_token_ends(days: int) -> None:
    with pytest.raises(ConfigError, match="1 to 365 days"):
        tokens.create("a", Role.VIEWER, [], days)
