"""Changes a case by the form of its page, then shows the case again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from stream_app.web_app.accounts.access import page
from stream_app.web_app.cases.actions import CaseError, Request, act
from stream_app.web_app.cases.rules import Action
from stream_app.web_app.pages.cases.case_page import WORKERS, possible_owners
from stream_app.web_app.pages.cases.visible import visible_case
from stream_app.web_app.pages.page import render_visibly


@page(WORKERS, ("POST",))
def change_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """Do what the form says; answers 409 where it is not possible."""
    case = visible_case(case_id)
    try:
        user = request.user
        if isinstance(user, User):  # ``page`` opens to nobody else
            act(case.pk, user, _request_of(request))
    except CaseError as error:
        content = {"title": "Not done", "text": str(error), "back": case_id}
        return render_visibly(request, "not_done.html", content, status=409)
    return redirect("case", case_id)


def _request_of(request: HttpRequest) -> Request:
    form = request.POST
    if form.get("action", "") not in [*Action]:
        raise CaseError("There is no such action.")
    return Request(
        Action(form["action"]),
        text=form.get("text", "").replace("\r\n", "\n"),
        owner=_owner(form.get("owner", "")),
        due_s=_end_of_day(form.get("due", "")),
        conclusion=form.get("conclusion", ""),
    )


def _owner(text: str) -> User | None:
    if not text:
        return None
    for user in possible_owners():
        if str(user.pk) == text:
            return user
    raise CaseError("This user cannot own a case: only analysts can.")


def _end_of_day(text: str) -> int:
    """Return the last second of a day; 0 for what is none.

    >>> _end_of_day("1970-01-02"), _end_of_day("x"), _end_of_day("9999-12-31")
    (172799, 0, 0)
    """
    try:
        return int((datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)).timestamp()) - 1
    except (ValueError, OverflowError):
        return 0
