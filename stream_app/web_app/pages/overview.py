"""The overview: every monitored attribute, the worst first."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse

from stream_app.core.groups.comparison import State
from stream_app.web_app.accounts.access import page
from stream_app.web_app.accounts.roles import EVERY_ROLE
from stream_app.web_app.pages.alerts.alert_list import newest_alerts
from stream_app.web_app.pages.cases.case_list import count_sentence
from stream_app.web_app.pages.page import show
from stream_app.web_app.pages.verdict_rows import attribute_row
from stream_app.web_app.pages.watched import watched_names
from stream_app.web_app.projection.models import Verdict

_PER_PAGE, _N_ALERTS = 50, 5


@page(EVERY_ROLE)
def show_overview(request: HttpRequest) -> HttpResponse:
    """Show models and attributes with their newest verdicts."""
    singles = Verdict.objects.filter(is_intersection=False, model__in=watched_names())
    searched = request.GET.get("search", "").replace("\0", "")[:100]
    listed = singles.filter(Q(model__icontains=searched) | Q(attribute__icontains=searched)) if searched else singles
    pages = Paginator(listed.order_by("-severity", "model", "attribute"), _PER_PAGE)
    shown = pages.get_page(request.GET.get("page"))
    counts = dict(singles.values_list("state").annotate(n=Count("id")))
    crossed = Verdict.objects.filter(is_intersection=True)
    names = {verdict.model for verdict in shown}
    breaches = crossed.filter(state=str(State.BREACH), model__in=names).values_list("model").annotate(n=Count("id"))
    content = {
        "rows": [attribute_row(verdict) for verdict in shown],
        "shown": shown,
        "searched": searched,
        "n_attributes": sum(counts.values()),
        "sentence": _sentence(counts),
        "intersections": sorted(dict(breaches).items()),
        "alerts": newest_alerts(_N_ALERTS),
        "case_sentence": count_sentence(),
    }
    return show(request, "overview.html", content)


def _sentence(counts: dict[str, int]) -> str:
    """Return the overview in one sentence.

    >>> _sentence({"breach": 1, "ok": 3}), _sentence({"ok": 2}), _sentence({})
    ('1 of 4 attributes is in breach.', 'No alarm for 2 of 2 attributes.', 'No verdict yet.')
    """
    n = sum(counts.values())
    parts = [
        f"{counts[state]} of {n} attributes {'is' if counts[state] == 1 else 'are'} {words}"
        for state, words in (("breach", "in breach"), ("warning", "in warning"))
        if counts.get(state)
    ]
    if parts:
        return ", ".join(parts) + "."
    if not n:
        return "No verdict yet."
    return f"No alarm for {counts.get('ok', 0)} of {n} attributes."
