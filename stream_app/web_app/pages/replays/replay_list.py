"""The list of replays, the newest first."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from stream_app.web_app.accounts.access import page
from stream_app.web_app.accounts.roles import EVERY_ROLE
from stream_app.web_app.pages.page import show
from stream_app.web_app.pages.replays.shown import rows_of, visible_replays

_PER_PAGE = 50


@page(EVERY_ROLE)
def show_replays(request: HttpRequest) -> HttpResponse:
    """Show who has replayed what, and what was found."""
    shown = Paginator(visible_replays(), _PER_PAGE).get_page(request.GET.get("page"))
    return show(request, "replays.html", {"replays": rows_of(shown), "shown": shown})
