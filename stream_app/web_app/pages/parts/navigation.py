"""What every page has at its top: who is logged in, and the pages that this user may open."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import DatabaseError
from django.http import HttpRequest
from django.urls import resolve, reverse

from stream_app.web_app.accounts.access import roles_of

_ENTRIES = (
    ("overview", "Overview"),
    ("alerts", "Alerts"),
    ("cases", "Cases"),
    ("policies", "Policies"),
    ("privacy", "Privacy"),
    ("audit", "Audit"),
    ("users", "Users"),
    ("runbooks", "Runbooks"),
)


class Entry(NamedTuple):
    """A link of the navigation."""

    address: str
    label: str
    is_current: bool


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Give every template who is logged in, and where this user may go; nothing where the database does not answer."""
    try:
        roles = roles_of(request)
        who = request.user.get_username() if request.user.is_authenticated else ""
    except (DatabaseError, AttributeError):  # also before the middleware has found out who asks
        return {}
    entries = [_entry(name, label, request.path) for name, label in _ENTRIES if roles & _roles_of_page(name)]
    return {"who": who, "navigation": entries, "roles": ", ".join(sorted(roles))}


def _entry(name: str, label: str, path: str) -> Entry:
    address = reverse(name)
    return Entry(address, label, path == address or (address != "/" and path.startswith(f"{address}/")))


def _roles_of_page(name: str) -> frozenset[str]:
    roles: frozenset[str] = resolve(reverse(name)).func.roles  # type: ignore[attr-defined]  # of ``access.page``
    return roles
