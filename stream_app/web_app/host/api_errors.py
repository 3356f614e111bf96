"""Errors of the API: JSON with a code and the id of the request, and nothing of what was sent."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from typing import Any

PREFIX = "/api"
_WORDS = {
    400: ("bad_request", "The request is malformed."),
    401: ("unauthenticated", "Send a valid token: Authorization: Bearer fs_..."),
    403: ("forbidden", "The token lacks the scope that this needs."),
    404: ("not_found", "There is no such resource."),
    405: ("method_not_allowed", "This resource has other methods; see the header Allow."),
    408: ("timeout", "The request took too long."),
    413: ("too_large", "The body is larger than 64 KiB."),
    415: ("unsupported_media_type", "Send JSON: Content-Type: application/json."),
    422: ("invalid", "A parameter or field is invalid; see the API document."),
    429: ("too_many_requests", "Repeat after the seconds in the header Retry-After."),
    431: ("head_too_large", "The head is larger than 16 KiB."),
    500: ("internal", "FairStream could not answer. Its log has a line with this request_id."),
    503: ("unavailable", "The database or the audit log does not answer. Repeat later."),
}
CODES = {status: code for status, (code, _) in _WORDS.items()}


def is_api(path: str) -> bool:
    """Return whether a path is one of the API.

    >>> is_api("/api/results"), is_api("/api"), is_api("/apiary")
    (True, True, False)
    """
    return path == PREFIX or path.startswith(PREFIX + "/")


def new_request_id() -> str:
    """Return an id of this process's own; what a client sends as one is not used."""
    return secrets.token_hex(8)


def error_body(status: int, request_id: str, *, message: str = "", parameters: Collection[str] = ()) -> bytes:
    """Return the JSON of an error.

    Args:
        status: Its HTTP status.
        request_id: Id of the request.
        message: What to do, if more is known than the status says.
        parameters: Names of the invalid parameters or fields, of those that the API declares.
    """
    code, text = _WORDS.get(status, _WORDS[500 if status >= 500 else 400])  # noqa: PLR2004  # of servers and clients
    error: dict[str, Any] = {"code": code, "message": message or text, "request_id": request_id}
    if parameters:
        error["parameters"] = sorted(parameters)
    return json.dumps({"error": error}).encode() + b"\n"
