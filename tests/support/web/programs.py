"""Programs that use the API of the web application in this process."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tests.support.web.pages import browser

PEER = "192.0.2.1"


def make_token(role: str, scopes: Collection[str] = (), days: int = 90) -> str:
    """Return the text of a new token."""
    from stream_app.web_app.accounts.roles import Role  # noqa: PLC0415  # needs Django's settings
    from stream_app.web_app.api.access.scopes import Scope  # noqa: PLC0415  # the same
    from stream_app.web_app.api.access.tokens import create  # noqa: PLC0415  # the same

    return create("a test", Role(role), [Scope(scope) for scope in scopes], days)[1]


class Program:
    """A program with a token, or without one.

    Args:
        token: The token.
        peer: The address from which it connects.
    """

    def __init__(self, token: str | None = None, peer: str = PEER) -> None:
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._client = browser(is_logged_in=False, REMOTE_ADDR=peer)

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any) -> Any:
        """Send a request and return the answer."""
        return self._client.generic(method, path, headers=self._headers | (headers or {}), **options)

    def get(self, path: str, headers: dict[str, str] | None = None) -> Any:
        """Send a GET request and return the answer."""
        return self.ask("GET", path, headers)


def json_body(method: str) -> dict[str, Any]:
    """Return the options of a request with an empty body, for a method that has one."""
    return {"data": b"{}", "content_type": "application/json"} if method in ("POST", "PUT", "PATCH") else {}


def error_of(answer: Any) -> dict[str, Any]:
    """Return the error of an answer, which is JSON and carries the id that its header has."""
    assert answer["Content-Type"] == "application/json"
    assert answer.json().keys() == {"error"}
    error: dict[str, Any] = answer.json()["error"]
    assert error.keys() - {"parameters"} == {"code", "message", "request_id"}
    assert error["request_id"] == answer["X-Request-Id"]
    return error
