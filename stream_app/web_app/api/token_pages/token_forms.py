"""Makes and ends tokens; the page of the list says what came of it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from stream_app.web_app.accounts.access import page, roles_of
from stream_app.web_app.accounts.roles import EVERY_ROLE
from stream_app.web_app.api.token_pages.owned import TokenError, create_own, revoke_seen
from stream_app.web_app.api.token_pages.token_list import list_tokens, user_of


@page(EVERY_ROLE, ("POST",))
def create_token(request: HttpRequest) -> HttpResponse:
    """Show a new token, once."""
    form = request.POST
    name, role, scopes = form.get("name", ""), form.get("role", ""), form.getlist("scope")
    days = form.get("days", "").strip()
    try:
        text = create_own(user_of(request), roles_of(request), name, role, scopes, days)
    except TokenError as error:
        typed = {"name": name, "role": role, "scopes": scopes, "days": days}
        return list_tokens(request, {"fault": str(error), "typed": typed}, status=409)
    return list_tokens(request, {"made": text, "made_name": name})


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
