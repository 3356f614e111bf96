"""A provider that is away, contradicts itself or changes its keys."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from stream_app.settings import Settings
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.oidc.client import use
from tests.support.web.oidc.logins import MAPPED, log_in, someone
from tests.support.web.pages import PASSWORD, add_user
from tests.support.web.provider import Provider


def test_a_provider_that_is_away_or_lies_about_itself_is_said_and_passwords_still_work(
    secret_file: str, tmp_path: Path, provider: Provider
) -> None:
    add_user("ada", Role.VIEWER)
    settings: dict[str, Any] = {"state_dir": str(tmp_path), "oidc_client_secret_file": secret_file, **MAPPED}
    use(Settings(oidc_issuer="http://127.0.0.1:1", **settings))
    answer = someone().get("/oidc/login")
    assert answer.status_code == 403
    assert b"does not answer as expected" in answer.content
    assert someone().post("/login", {"username": "ada", "password": PASSWORD}).status_code == 302
    for lie in ({"issuer": "https://elsewhere.example"}, {"token_endpoint": "http://elsewhere.example/token"}):
        provider.discovery = lie
        use(Settings(oidc_issuer=provider.issuer, **settings))
        assert someone().get("/oidc/login").status_code == 403


def test_a_new_key_is_learned_and_unknown_ones_do_not_flood_the_provider(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(someone())
    before = provider.n_key_requests
    provider.key_id = "key-2"
    assert log_in(someone()).status_code == 403
    assert log_in(someone()).status_code == 403
    assert provider.n_key_requests == before
    monkeypatch.setattr(time, "monotonic", lambda: time.time() + 1e6)
    assert log_in(someone()).status_code == 302
    assert provider.n_key_requests == before + 1
