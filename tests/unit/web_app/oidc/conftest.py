"""Every test here has a provider by which people log in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from stream_app.settings import Settings
from stream_app.web_app.host.django import django_options
from stream_app.web_app.oidc import client as oidc_client
from stream_app.web_app.oidc.client import use
from tests.support.web.oidc.logins import MAPPED
from tests.support.web.provider import SECRET, Provider, open_provider


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with open_provider() as provider:
        yield provider


@pytest.fixture
def secret_file(tmp_path: Path) -> str:
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n", "utf-8")
    return str(path)


@pytest.fixture(autouse=True)
def provider(
    running: Provider, secret_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Provider]:
    """Let people log in by the provider, which is honest at the beginning of each test."""
    running.claims = {"sub": "person-1", "preferred_username": "grace", "roles": ["fair-audit", "others"]}
    running.tamper = lambda _header, _claims: None
    running.discovery = {}
    running.key_id = "key-1"
    monkeypatch.setattr(oidc_client, "_clients", [])
    settings = Settings(
        state_dir=str(tmp_path), oidc_issuer=running.issuer, oidc_client_secret_file=secret_file, **MAPPED
    )
    use(settings)
    options = django_options(settings)
    names = ("AUTHENTICATION_BACKENDS", "AXES_WHITELIST_CALLABLE", "TEMPLATES")
    with override_settings(ROOT_URLCONF="stream_app.web_app.oidc.urls", **{name: options[name] for name in names}):
        yield running
