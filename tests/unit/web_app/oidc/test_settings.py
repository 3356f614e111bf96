"""The settings of a provider: incomplete and unsafe ones are rejected, and the secret is shown nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from stream_app.errors import ConfigError
from stream_app.settings import Settings
from stream_app.web_app.oidc.client import use
from tests.support.web.oidc.forgeries import unsigned
from tests.support.web.oidc.logins import MAPPED, log_in, someone
from tests.support.web.provider import SECRET, Provider


def test_the_secret_is_in_no_page_and_in_no_log(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    provider.tamper = unsigned
    answer = log_in(someone())
    assert SECRET not in answer.content.decode()
    assert "login by the provider rejected" in caplog.text
    assert SECRET not in caplog.text
    assert "person-1" not in caplog.text


@pytest.mark.parametrize(
    "values",
    [
        {"oidc_issuer": "http://login.example"},
        {"oidc_issuer": "login.example"},
        {"oidc_issuer": "https://user:pw@login.example"},
        {"oidc_client_id": None},
        {"oidc_client_secret_file": None},
        {"oidc_client_secret_file": "/no/such/file"},
        {"oidc_ca_file": "/no/such/file"},
        {"oidc_roles": None},
        {"oidc_roles": "fair-audit"},
        {"oidc_roles": "fair-audit=owner"},
        {"oidc_roles": "=auditor"},
        {"oidc_roles": "fair-audit=auditor,"},
    ],
)
def test_settings_that_are_incomplete_or_unsafe_are_rejected(values: dict[str, Any], secret_file: str) -> None:
    complete: dict[str, Any] = {
        "oidc_issuer": "https://login.example",
        "oidc_client_secret_file": secret_file,
        **MAPPED,
    }
    use(Settings(**complete))
    with pytest.raises(ConfigError) as raised:
        use(Settings(**complete | values))
    assert "pw" not in str(raised.value)
