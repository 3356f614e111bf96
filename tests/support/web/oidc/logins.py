"""Logins by a provider, as a browser makes them."""

from __future__ import annotations

import urllib.request
from typing import Any
from urllib.error import HTTPError

from tests.support.web.pages import HOST, browser
from tests.support.web.provider import CLIENT_ID

ROLES = "fair-audit=auditor,fair-work=analyst,fair-work=viewer"
MAPPED: dict[str, Any] = {"oidc_roles": ROLES, "oidc_client_id": CLIENT_ID}


class Unfollowed(urllib.request.HTTPRedirectHandler):
    """Leaves redirections to the caller."""

    def redirect_request(self, *_: Any) -> None:
        return None


def follow(address: str) -> str:
    """Return where the provider sends a person."""
    try:
        urllib.request.build_opener(Unfollowed).open(address, timeout=10)
    except HTTPError as error:
        with error:
            return str(error.headers["Location"])
    raise AssertionError(address)


def way_back(client: Any, path: str = "/oidc/login") -> str:
    """Begin a login and return the path to which the provider sends the person back."""
    answer = client.get(path)
    assert answer.status_code == 302, answer.content
    back = follow(answer["Location"])
    assert back.startswith(f"http://{HOST}/oidc/callback?")
    return back.removeprefix(f"http://{HOST}")


def log_in(client: Any, path: str = "/oidc/login") -> Any:
    """Log a person in and return the answer to the way back."""
    return client.get(way_back(client, path))


def someone() -> Any:
    """Return a browser in which nobody is logged in."""
    return browser(is_logged_in=False)


def assert_rejected(client: Any, answer: Any) -> None:
    """Assert that an answer rejects a login and that nobody is logged in after it."""
    from django.contrib.auth.models import User  # noqa: PLC0415  # needs Django's settings

    assert answer.status_code == 403
    assert client.get("/").status_code == 302
    assert not User.objects.exists()
