"""The page of one draft: who proposes it and why, what it changes, and what was decided; and the draft as a file."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse

from stream_app.web_app.accounts.access import page, roles_of
from stream_app.web_app.accounts.roles import EVERY_ROLE
from stream_app.web_app.pages.page import render_visibly, utc_text
from stream_app.web_app.pages.policies.policy_list import AUTHORS, CSS
from stream_app.web_app.pages.watched import watched_models
from stream_app.web_app.policies.differences import differences
from stream_app.web_app.policies.drafts import DraftError, read_draft
from stream_app.web_app.policies.models import DraftStatus, PolicyDraft


@page(EVERY_ROLE)
def show_draft(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Show a draft beside the policy in use."""
    return draft_page(request, find_draft(draft_id), {})


@page(EVERY_ROLE)
def download_draft(request: HttpRequest, draft_id: int) -> HttpResponse:  # noqa: ARG001  # as every view
    """Answer with the text of a draft, byte for byte."""
    draft = find_draft(draft_id)
    answer = HttpResponse(draft.text.encode(), content_type="application/toml")
    answer["Content-Disposition"] = f'attachment; filename="policy-draft-{draft.pk}.toml"'
    return answer


def find_draft(draft_id: int) -> PolicyDraft:
    """Return a draft.

    Raises:
        Http404: there is none with this number.
    """
    draft = PolicyDraft.objects.select_related("author", "decided_by").filter(pk=draft_id).first()
    if draft is None:
        raise Http404
    return draft


def draft_page(request: HttpRequest, draft: PolicyDraft, more: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Show a draft, with the result of a form."""
    content: dict[str, Any] = {
        "draft": draft,
        "css": CSS[DraftStatus(draft.status)],
        "author": draft.author.get_username(),
        "proposed": utc_text(draft.proposed_s),
        "decided": _decision(draft),
        "can_decide": _can_decide(request, draft),
    }
    try:
        content["differences"] = differences(watched_models(), read_draft(draft.text))
    except DraftError as error:  # a later version has other rules
        content["invalid"] = str(error)
    return render_visibly(request, "draft.html", content | more, status=status)


def _decision(draft: PolicyDraft) -> str:
    if draft.decided_by is None or draft.decided_s is None:
        return ""
    return f"{draft.status}, by {draft.decided_by.get_username()}, {utc_text(draft.decided_s)}"


def _can_decide(request: HttpRequest, draft: PolicyDraft) -> bool:
    is_open = draft.status == DraftStatus.PROPOSED
    is_other = isinstance(request.user, User) and draft.author_id != request.user.pk
    return is_open and is_other and bool(roles_of(request) & AUTHORS)
