"""Checks and proposes drafts, and decides about them."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from stream_app.web_app.accounts.access import page
from stream_app.web_app.pages.policies.draft_page import draft_page, find_draft
from stream_app.web_app.pages.policies.policy_list import AUTHORS, policies_page
from stream_app.web_app.pages.watched import watched_models
from stream_app.web_app.policies.differences import differences
from stream_app.web_app.policies.drafts import DraftError, decide, propose, read_draft
from stream_app.web_app.policies.models import DraftStatus

_DECISIONS = {"approve": DraftStatus.APPROVED, "reject": DraftStatus.REJECTED}
_UNKNOWN = "There is no such action."


@page(AUTHORS, ("POST",))
def send_draft(request: HttpRequest) -> HttpResponse:
    """Check a text and show what it changes, or propose it; answers 409 where it is invalid."""
    text = request.POST.get("text", "").replace("\r\n", "\n")
    reason = request.POST.get("reason", "")
    typed = {"text": text, "reason": reason}
    try:
        if request.POST.get("action") == "propose" and isinstance(request.user, User):
            return redirect("draft", propose(request.user, text, reason).pk)
        changed = differences(watched_models(), read_draft(text))
    except DraftError as error:
        return policies_page(request, typed | {"fault": str(error)}, status=409)
    return policies_page(request, typed | {"is_checked": True, "differences": changed})


@page(AUTHORS, ("POST",))
def decide_draft(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Approve or reject a draft; answers 409 where that is not possible."""
    draft = find_draft(draft_id)
    status = _DECISIONS.get(request.POST.get("action", ""))
    if status is None:
        return draft_page(request, draft, {"fault": _UNKNOWN}, status=409)
    try:
        if isinstance(request.user, User):  # ``page`` opens to nobody else
            decide(draft.pk, request.user, status, request.POST.get("remark", ""))
    except DraftError as error:
        return draft_page(request, find_draft(draft_id), {"fault": str(error)}, status=409)
    return redirect("draft", draft_id)
