"""The list of tokens: those of the user, or for administrators all."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from stream_app.web_app.accounts.access import page, roles_of
from stream_app.web_app.accounts.roles import EVERY_ROLE, Role
from stream_app.web_app.api.access.tokens import MAX_DAYS, MAX_PER_MIN, Limits, limits_of, state_of
from stream_app.web_app.api.models import Token
from stream_app.web_app.api.token_pages.owned import default_limits, roles_with_scopes, seen_by
from stream_app.web_app.pages.page import render_visibly
from stream_app.web_app.pages.parts.filters import searched_text

_PER_PAGE, _DAYS = 50, 90
_CSS = {"active": "ok", "suspended": "warning", "expired": "insufficient", "revoked": "insufficient"}


class TokenRow(NamedTuple):
    """One token, without its secret."""

    id: str
    name: str
    owner: str
    role: str
    scopes: str
    state: str
    css: str
    created: str
    expires: str
    last_used: str
    reads: str
    writes: str
    own_limits: Limits
    is_open: bool


@page(EVERY_ROLE)
def show_tokens(request: HttpRequest) -> HttpResponse:
    """Show tokens, and the forms that make and end them."""
    return list_tokens(request, {})


def list_tokens(request: HttpRequest, more: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Show tokens, with the result of a form."""
    user, roles, defaults = user_of(request), roles_of(request), default_limits()
    searched = searched_text(request)
    tokens = seen_by(user, roles)
    if searched:
        tokens = tokens.filter(
            Q(name__icontains=searched) | Q(owner__username__icontains=searched) | Q(id__startswith=searched.lower())
        )
    shown = Paginator(tokens, _PER_PAGE).get_page(request.GET.get("page"))
    content = {
        "tokens": [_row(token) for token in shown],
        "shown": shown,
        "searched": searched,
        "sees_all": Role.ADMINISTRATOR in roles,
        "own_roles": roles_with_scopes(roles),
        "scopes": sorted({scope for scopes in roles_with_scopes(roles).values() for scope in scopes}),
        "typed": {"days": _DAYS},
        "max_days": MAX_DAYS,
        "default_limits": defaults,
        "most": Limits(MAX_PER_MIN, MAX_PER_MIN) if Role.ADMINISTRATOR in roles else defaults,
    }
    return render_visibly(request, "tokens.html", content | more, status=status)


def user_of(request: HttpRequest) -> User:
    """Return who is logged in; ``page`` opens to nobody else."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _row(token: Token) -> TokenRow:
    state, limits, defaults = state_of(token), limits_of(token), default_limits()
    has_all = roles_with_scopes([token.role]).get(token.role) == token.scopes.split()
    return TokenRow(
        id=token.id,
        name=token.name,
        owner="" if token.owner is None else token.owner.get_username(),
        role=token.role,
        scopes="all of the role" if has_all else ", ".join(token.scopes.split()),
        state=state,
        css=_CSS[state],
        created=f"{token.created_at:%Y-%m-%d}",
        expires=f"{token.expires_at:%Y-%m-%d}",
        last_used="never" if token.last_used_on is None else f"{token.last_used_on:%Y-%m-%d}",
        reads=_per_min(limits.reads_per_min, defaults.reads_per_min),
        writes=_per_min(limits.writes_per_min, defaults.writes_per_min),
        own_limits=limits,
        is_open=token.revoked_at is None,
    )


def _per_min(own: int | None, default: int | None) -> str:
    return f"{default if own is None else own:,}"
