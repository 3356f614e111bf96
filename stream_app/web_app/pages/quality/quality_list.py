"""The list of data quality: for each model what was set aside today, and its largest share of unknown groups."""

from __future__ import annotations

import time
from typing import NamedTuple

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from stream_app.core.events.reasons import DeadLetterReason
from stream_app.policy import ModelPolicy
from stream_app.topics import FAIRNESS_RESULTS
from stream_app.web_app.accounts.access import page
from stream_app.web_app.accounts.roles import EVERY_ROLE
from stream_app.web_app.pages.page import show
from stream_app.web_app.pages.parts.filters import searched_text
from stream_app.web_app.pages.quality.unknown_shares import UnknownShare, percent, share_of
from stream_app.web_app.pages.verdict_rows import decode_body
from stream_app.web_app.pages.watched import MODELS_PER_PAGE, watched_models
from stream_app.web_app.projection.models import Verdict
from stream_app.web_app.projection.quality import DAY_S, DayCounts, counts_of
from stream_app.web_app.projection.record_counts import QUALITY_TOPICS

PAGE_TOPICS = (FAIRNESS_RESULTS, *QUALITY_TOPICS)


class QualityRow(NamedTuple):
    """One model."""

    model: str
    k: int
    rejected: str
    conflicts: str
    late: str
    unknown: str


@page(EVERY_ROLE)
def show_quality(request: HttpRequest) -> HttpResponse:
    """Show every model, of cameras too."""
    searched = searched_text(request)
    models = [model for model in watched_models() if searched.lower() in model.name.lower()]
    shown = Paginator(models, MODELS_PER_PAGE).get_page(request.GET.get("page"))
    today_s = int(time.time()) // DAY_S * DAY_S
    days = counts_of(shown, today_s, today_s + DAY_S)
    largest = _largest_shares([model.name for model in shown])
    content = {
        "rows": [_row(model, next(iter(days[model.name]), None), largest.get(model.name)) for model in shown],
        "shown": shown,
        "searched": searched,
    }
    return show(request, "quality.html", content, topics=PAGE_TOPICS)


def count_text(n: int | None, k: int) -> str:
    """Return a count that may be shown, or what is known where it may not.

    >>> count_text(1200, 10), count_text(None, 10)
    ('1,200', 'fewer than 10')
    """
    return f"fewer than {k:,}" if n is None else f"{n:,}"


def _row(model: ModelPolicy, today: DayCounts | None, largest: UnknownShare | None) -> QualityRow:
    k = model.privacy.k
    conflicts = None if today is None else today.reasons.get(DeadLetterReason.CONFLICT)
    unknown = "" if largest is None else f"{percent(largest.unknown, k)} of {largest.attribute}, {largest.window}"
    return QualityRow(
        model=model.name,
        k=k,
        rejected=count_text(None if today is None else today.rejected, k),
        conflicts="" if conflicts is None else f"{conflicts:,}",
        late=count_text(None if today is None else today.late, k),
        unknown=unknown,
    )


def _largest_shares(names: list[str]) -> dict[str, UnknownShare]:
    """Return by model the newest verdict with the largest share of unknown groups that may be shown."""
    largest: dict[str, UnknownShare] = {}
    for verdict in Verdict.objects.filter(model__in=names, is_intersection=False).order_by("attribute"):
        share = share_of(decode_body(verdict.body))
        former = largest.get(verdict.model)
        if former is None or (share.unknown or 0.0) > (former.unknown or 0.0):
            largest[verdict.model] = share
    return largest
