"""Makes, limits and ends tokens; the page of the list says what came of it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from stream_app.web_app.accounts.access import page, roles_of
from stream_app.web_app.accounts.roles import EVERY_ROLE
from stream_app.web_app.api.token_pages.owned import TokenError, TokenForm, create_own, limit_seen, revoke_seen
from stream_app.web_app.api.token_pages.token_list import list_tokens, user_of


@page(EVERY_ROLE, ("POST",))
def create_token(request: HttpRequest) -> HttpResponse:
    """Show a new token, once."""
    values = request.POST
    form = TokenForm(
        name=values.get("name", ""),
        role=values.get("role", ""),
        scopes=values.getlist("scope"),
        days=values.get("days", "").strip(),
        per_min=_per_min(request),
    )
    try:
        text = create_own(user_of(request), roles_of(request), form)
    except TokenError as error:
        return list_tokens(request, {"fault": str(error), "typed": form._asdict()}, status=409)
    return list_tokens(request, {"made": text, "made_name": form.name})


@page(EVERY_ROLE, ("POST",))
def limit_token(request: HttpRequest, token_id: str) -> HttpResponse:
    """Give a token other limits; one that the user does not see is not found."""
    try:
        is_found = limit_seen(user_of(request), roles_of(request), token_id, _per_min(request))
    except TokenError as error:
        return list_tokens(request, {"fault": str(error)}, status=409)
    if not is_found:
        raise Http404
    return redirect("tokens")


@page(EVERY_ROLE, ("POST",))
def revoke_token(request: HttpRequest, token_id: str) -> HttpResponse:
    """End a token; one that the user does not see is not found."""
    try:
        is_found = revoke_seen(user_of(request), roles_of(request), token_id)
    except TokenError as error:
        return list_tokens(request, {"fault": str(error)}, status=409)
    if not is_found:
        raise Http404
    return redirect("tokens")


def _per_min(request: HttpRequest) -> tuple[str, str]:
    form = request.POST
    return form.get("reads_per_min", "").strip(), form.get("writes_per_min", "").strip()
