"""The policy in use, model by model, and the drafts of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from stream_app.pipeline.disclosure.amounts.words import ratio_limits
from stream_app.policy import ModelPolicy
from stream_app.web_app.accounts.access import page, roles_of
from stream_app.web_app.accounts.roles import EVERY_ROLE, Role
from stream_app.web_app.pages.page import render_visibly, utc_text
from stream_app.web_app.pages.parts.budgets import budget_text
from stream_app.web_app.pages.watched import MODELS_PER_PAGE, hash_of, watched_models
from stream_app.web_app.policies.models import MAX_TEXT, DraftStatus, PolicyDraft

AUTHORS = frozenset({Role.ANALYST})
CSS = {DraftStatus.PROPOSED: "warning", DraftStatus.APPROVED: "ok", DraftStatus.REJECTED: "insufficient"}
_PER_PAGE = 20


class ModelRow(NamedTuple):
    """One model of the policy in use."""

    name: str
    hash: str
    topic: str
    attributes: str
    windows: str
    limits: str
    budget: str


class DraftRow(NamedTuple):
    """One draft."""

    id: int
    status: str
    css: str
    reason: str
    author: str
    proposed: str


@page(EVERY_ROLE)
def show_policies(request: HttpRequest) -> HttpResponse:
    """Show the policy in use and the drafts."""
    return policies_page(request, {})


def policies_page(request: HttpRequest, more: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """Show policies, with the result of a form."""
    drafts = PolicyDraft.objects.select_related("author").defer("text").order_by("-id")
    shown = Paginator(drafts, _PER_PAGE).get_page(request.GET.get("page"))
    models = Paginator(watched_models(), MODELS_PER_PAGE).get_page(request.GET.get("models"))
    content = {
        "models": [_model_row(model) for model in models],
        "models_shown": models,
        "drafts": [_draft_row(draft) for draft in shown],
        "shown": shown,
        "can_propose": bool(roles_of(request) & AUTHORS),
        "max_text": MAX_TEXT,
    }
    return render_visibly(request, "policies.html", content | dict(more), status=status)


def _draft_row(draft: PolicyDraft) -> DraftRow:
    css = CSS[DraftStatus(draft.status)]
    author = draft.author.get_username()
    return DraftRow(draft.pk, draft.status, css, draft.reason, author, utc_text(draft.proposed_s))


def _model_row(model: ModelPolicy) -> ModelRow:
    rules = model.rules
    limits = f"ratio {rules.min_disparate_impact_ratio:g}, gap {rules.max_gap:g}, at least {rules.min_n} decisions"
    if rules.max_mean_difference is not None:
        ratio = "" if rules.min_mean_ratio is None else f"ratio {ratio_limits(rules.min_mean_ratio)}, "
        limits = f"difference of means {rules.max_mean_difference:g}, {ratio}at least {rules.min_n} decisions"
    return ModelRow(
        name=model.name,
        hash=hash_of(model),
        topic=model.topic,
        attributes=", ".join([*(one.name for one in model.attributes), *(one.name for one in model.proxies)]),
        windows=", ".join(window.name for window in model.windows),
        limits=limits if model.is_tested else f"smallest count shown {model.privacy.k}",
        budget=budget_text(model) if model.is_tested else "",
    )
