"""The page of one replay: who started it and why, how far it is, what it has found."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from stream_app.web_app.accounts.access import page, roles_of
from stream_app.web_app.accounts.roles import EVERY_ROLE, Role
from stream_app.web_app.pages.page import show
from stream_app.web_app.pages.replays.shown import row_of, visible_replay

STARTERS = frozenset({Role.ANALYST})


@page(EVERY_ROLE)
def show_replay(request: HttpRequest, replay_id: int) -> HttpResponse:
    """Show a replay."""
    replay = row_of(visible_replay(replay_id))
    return show(request, "replay.html", {"replay": replay, "may_start": bool(roles_of(request) & STARTERS)})
