"""The page of privacy: what may leave of each model, the keys of pseudonyms, and what releases have cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from stream_app.errors import FairStreamError
from stream_app.pipeline.disclosure.results import DisclosedGroup
from stream_app.policy import ModelPolicy
from stream_app.web_app.accounts.access import page
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.host.audit_trail import state_settings
from stream_app.web_app.pages.page import render_visibly
from stream_app.web_app.pages.privacy.cost_rows import cost_rows
from stream_app.web_app.pages.privacy.key_rows import key_rows
from stream_app.web_app.pages.privacy.retention_rows import retention_content
from stream_app.web_app.pages.verdict_rows import decode_body
from stream_app.web_app.pages.watched import MODELS_PER_PAGE, watched_models
from stream_app.web_app.projection.models import Verdict

PRIVACY_READERS = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
_RECORDS = {"none": "none", "pseudonymized": "pseudonymized events", "raw": "raw records with identifiers"}


class DisclosureRow(NamedTuple):
    """What may leave of one model."""

    model: str
    is_of_cameras: bool
    k: int
    n_suppressed: int
    n_groups: int
    sealed: str
    exportable: str


@page(PRIVACY_READERS)
def show_privacy(request: HttpRequest) -> HttpResponse:
    """Show settings of privacy and what this machine knows of keys and budget."""
    settings = state_settings()
    shown = Paginator(watched_models(), MODELS_PER_PAGE).get_page(request.GET.get("page"))
    content: dict[str, Any] = {"rows": _disclosures([*shown]), "shown": shown, "key_source": settings.key_source}
    content |= retention_content()
    content |= _read("keys", lambda: key_rows(settings)) | _read("costs", lambda: cost_rows(settings))
    return render_visibly(request, "privacy.html", content)


def _read(name: str, read: Callable[[], object]) -> dict[str, object]:
    """Return what is read, or why it cannot be read."""
    try:
        return {name: read()}
    except FairStreamError as error:
        return {name: None, f"{name}_fault": error.message}


def _disclosures(models: list[ModelPolicy]) -> list[DisclosureRow]:
    groups: dict[str, list[DisclosedGroup]] = {model.name: [] for model in models}
    for verdict in Verdict.objects.filter(model__in=groups, is_intersection=False):
        groups[verdict.model] += decode_body(verdict.body).groups
    return [_disclosure(model, groups[model.name]) for model in models]


def _disclosure(model: ModelPolicy, groups: list[DisclosedGroup]) -> DisclosureRow:
    sealing = model.sealing
    return DisclosureRow(
        model=model.name,
        is_of_cameras=model.kind == "counts",
        k=model.privacy.k,
        n_suppressed=sum(group.hidden is not None for group in groups),
        n_groups=len(groups),
        sealed="no" if sealing is None else f"to {len(sealing.auditors)} auditors ({sealing.scope})",
        exportable=_RECORDS[model.privacy.exportable_records],
    )
