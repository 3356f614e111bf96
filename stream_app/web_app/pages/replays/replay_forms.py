"""Starts, restarts and cancels replays by the forms of pages; answers 409 where that is not possible."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from stream_app.policy import ModelPolicy
from stream_app.web_app.accounts.access import page
from stream_app.web_app.pages.cases.visible import visible_case
from stream_app.web_app.pages.page import render_visibly
from stream_app.web_app.pages.policies.draft_page import find_draft
from stream_app.web_app.pages.replays.replay_page import STARTERS
from stream_app.web_app.pages.replays.shown import visible_replay
from stream_app.web_app.pages.watched import model_in_alert, names_with_rates, watched_model
from stream_app.web_app.replays.models import Replay
from stream_app.web_app.replays.periods import Period, ReplayError, read_period
from stream_app.web_app.replays.requests import Requester, cancel, repeat, start


@page(STARTERS, ("POST",))
def compare_draft(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Compare the verdicts of a period under a draft with those under the policy in use."""
    draft, name = find_draft(draft_id), request.POST.get("model", "")
    model = watched_model(name) if name in names_with_rates() else None
    if model is None:
        return _not_done(request, "Choose a model of the policy.", f"/policies/drafts/{draft_id}")
    return _started(request, lambda by: start(by, model, _period(request), draft=draft), f"/policies/drafts/{draft_id}")


@page(STARTERS, ("POST",))
def replay_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """Verify what was published in the period of a case; the result belongs to the case."""
    case = visible_case(case_id)
    model = model_in_alert(case.model)
    if model is None:
        raise Http404
    return _started(request, lambda by: start(by, model, _period(request), case=case), f"/cases/{case_id}")


@page(STARTERS, ("POST",))
def repeat_replay(request: HttpRequest, replay_id: int) -> HttpResponse:
    """Start a replay that has ended again."""
    replay = visible_replay(replay_id)
    return _started(request, lambda by: repeat(by, replay, _model_of(replay)), f"/replays/{replay_id}")


@page(STARTERS, ("POST",))
def cancel_replay(request: HttpRequest, replay_id: int) -> HttpResponse:
    """End a replay that waits or runs."""
    replay = visible_replay(replay_id)

    def end(by: Requester) -> Replay:
        cancel(by, replay.pk)
        return replay

    return _started(request, end, f"/replays/{replay_id}")


def _started(request: HttpRequest, do: Callable[[Requester], Replay], back: str) -> HttpResponse:
    """Do something as the user who asks, then show the replay."""
    user = request.user if isinstance(request.user, User) else None  # ``page`` opens to nobody else
    try:
        return redirect("replay", do(Requester(user)).pk)
    except ReplayError as error:
        return _not_done(request, str(error), back)


def _not_done(request: HttpRequest, text: str, back: str) -> HttpResponse:
    content = {"title": "Not started", "text": text, "back_to": back}
    return render_visibly(request, "replay_not_done.html", content, status=409)


def _period(request: HttpRequest) -> Period:
    return read_period(request.POST.get("from", ""), request.POST.get("to", ""))


def _model_of(replay: Replay) -> ModelPolicy:
    model = watched_model(replay.model)
    if model is None:  # ``visible_replay`` finds no other
        raise Http404
    return model
