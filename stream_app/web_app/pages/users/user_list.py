"""The list of users."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from stream_app.web_app.accounts.access import page
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.pages.page import render_visibly, utc_text
from stream_app.web_app.pages.parts.filters import searched_text

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
_PER_PAGE = 50


class UserRow(NamedTuple):
    """One user."""

    id: int
    name: str
    roles: list[str]
    is_active: bool
    is_self: bool
    last_login: str


@page(ADMINISTRATORS)
def show_users(request: HttpRequest) -> HttpResponse:
    """Show users, and the forms that change them."""
    return list_users(request, {})


def list_users(request: HttpRequest, more: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Show users, with the result of a form."""
    searched = searched_text(request)
    users = User.objects.filter(username__icontains=searched).prefetch_related("groups").order_by("username")
    shown = Paginator(users, _PER_PAGE).get_page(request.GET.get("page"))
    content = {
        "users": [_row(user, request) for user in shown],
        "shown": shown,
        "searched": searched,
        "all_roles": [str(role) for role in Role],
    }
    return render_visibly(request, "users.html", content | more, status=status)


def _row(user: User, request: HttpRequest) -> UserRow:
    return UserRow(
        id=user.pk,
        name=user.get_username(),
        roles=sorted(group.name for group in user.groups.all()),
        is_active=user.is_active,
        is_self=user.pk == request.user.pk,
        last_login="never" if user.last_login is None else utc_text(user.last_login.timestamp()),
    )
