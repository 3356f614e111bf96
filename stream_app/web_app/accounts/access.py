"""Guards every page: who may open it, and by which methods. What names no role is open to nobody."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import wraps
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from stream_app.web_app.accounts.roles import Role

PUBLIC: frozenset[Role] = frozenset()  # open without login: the page of the login itself, links, styles, health
READ = ("GET", "HEAD")

View = Callable[..., Any]


def page(roles: Collection[str], methods: Collection[str] = READ) -> Callable[[View], View]:
    """Return a decorator that opens a view to roles.

    Args:
        roles: Who may open it; ``PUBLIC`` for everybody.
        methods: By which methods; others get 405.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
            if roles and not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if roles and not roles_of(request) & set(roles):
                raise PermissionDenied
            if request.method not in methods:
                return HttpResponseNotAllowed(sorted(methods))
            response: HttpResponse = view(request, *args, **options)
            return response

        guarded.roles = frozenset(roles)  # type: ignore[attr-defined]  # for the test that walks every page
        guarded.methods = frozenset(methods)  # type: ignore[attr-defined]  # the same
        return guarded

    return decorate


def roles_of(request: HttpRequest) -> set[str]:
    """Return the roles of the user who asks."""
    user = request.user
    return {*user.groups.values_list("name", flat=True)} if isinstance(user, User) else set()


def has_no_password(_request: HttpRequest, credentials: Mapping[str, Any] | None) -> bool:
    """Return whether a login guesses no password, so that its failures lock nobody: one by a provider."""
    return credentials is None or credentials.get("username") is None
