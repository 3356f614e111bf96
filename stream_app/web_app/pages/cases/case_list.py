"""The list of cases: those that wait for somebody first."""

from __future__ import annotations

import time

from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from stream_app.web_app.accounts.access import page
from stream_app.web_app.accounts.roles import EVERY_ROLE
from stream_app.web_app.cases.models import Case, Status
from stream_app.web_app.pages.cases.visible import case_rows, visible_cases
from stream_app.web_app.pages.page import show
from stream_app.web_app.pages.parts.filters import choice_of, searched_text
from stream_app.web_app.pages.watched import names_in_alerts

_PER_PAGE = 50
_STATES = {"not_closed": "not closed", "overdue": "overdue", **{str(status): str(status) for status in Status}}
_OWNERS = {"me": "me", "nobody": "nobody"}


@page(EVERY_ROLE)
def show_cases(request: HttpRequest) -> HttpResponse:
    """Show cases, those that are not closed unless others are chosen."""
    names = names_in_alerts()
    state = choice_of(request, "state", (*_STATES, "every"), "not_closed")
    model, owner = choice_of(request, "model", names), choice_of(request, "owner", _OWNERS)
    searched = searched_text(request)
    cases = _in_state(visible_cases(), state)
    if model:
        cases = cases.filter(model=model)
    if searched:
        cases = cases.filter(attribute__icontains=searched)
    if owner:
        cases = cases.filter(owner=request.user if owner == "me" and isinstance(request.user, User) else None)
    shown = Paginator(cases.order_by("due_s", "id"), _PER_PAGE).get_page(request.GET.get("page"))
    content = {
        "cases": case_rows(shown),
        "shown": shown,
        "states": _STATES,
        "state": state,
        "names": names,
        "model": model,
        "owners": _OWNERS,
        "owner": owner,
        "searched": searched,
        "sentence": count_sentence(),
        "has_cases": visible_cases().exists(),
    }
    return show(request, "cases.html", content)


def count_sentence() -> str:
    """Return how many cases are not closed, and how many of them are overdue."""
    not_closed = visible_cases().exclude(status=Status.CLOSED)
    n, n_overdue = not_closed.count(), not_closed.filter(due_s__lt=time.time()).count()
    if not n:
        return "No case is open."
    overdue = f", {n_overdue} of them overdue" if n_overdue else ""
    return f"{n} case{'s are' if n != 1 else ' is'} not closed{overdue}."


def _in_state(cases: QuerySet[Case], state: str) -> QuerySet[Case]:
    if state == "every":
        return cases
    if state in Status.values:
        return cases.filter(status=state)
    not_closed = cases.exclude(status=Status.CLOSED)
    return not_closed.filter(due_s__lt=time.time()) if state == "overdue" else not_closed
