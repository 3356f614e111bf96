"""The page of one model: its attributes over time, its groups now, intersections and alerts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse

from stream_app.pipeline.records.results import CROSS
from stream_app.web_app.accounts.access import page
from stream_app.web_app.accounts.roles import EVERY_ROLE
from stream_app.web_app.pages.alerts.alert_list import newest_alerts
from stream_app.web_app.pages.charts import attribute_charts
from stream_app.web_app.pages.page import show, utc_text
from stream_app.web_app.pages.verdict_rows import GroupRow, attribute_row, decode_body, group_rows
from stream_app.web_app.pages.watched import watched_model
from stream_app.web_app.projection.models import Verdict, WindowRow

_N_WINDOWS, _N_SUBGROUPS, _N_ALERTS = 120, 5, 10


class Subgroups(NamedTuple):
    """The worst groups of one intersection."""

    attribute: str
    rows: list[GroupRow]


@page(EVERY_ROLE)
def show_model(request: HttpRequest, name: str) -> HttpResponse:
    """Show one attribute of a model in windows of one size; the model's worst attribute if none is chosen."""
    model = watched_model(name)
    if model is None or model.kind != "decisions":
        raise Http404
    singles = [attribute.name for attribute in model.attributes] + [proxy.name for proxy in model.proxies]
    windows = [window.name for window in sorted(model.windows, key=lambda window: window.size_s)]
    verdicts = {verdict.attribute: verdict for verdict in Verdict.objects.filter(model=name)}
    worst = max(singles, key=lambda single: verdicts[single].severity if single in verdicts else -1.0)
    attribute = _chosen(request, "attribute", singles, worst)
    window = _chosen(request, "window", windows, windows[0])
    rows = WindowRow.objects.filter(model=name, attribute=attribute, window=window).order_by("-end_s")[:_N_WINDOWS]
    results = [decode_body(row.body) for row in reversed(rows)]
    content: dict[str, Any] = {
        "model": name,
        "attributes": singles,
        "attribute": attribute,
        "windows": windows,
        "window": window,
        "verdict": attribute_row(verdicts[attribute]) if attribute in verdicts else None,
        "charts": attribute_charts(results, model),
        "subgroups": _subgroups(attribute, verdicts.values()),
        "alerts": newest_alerts(_N_ALERTS, name),
    }
    if results:
        content |= {"groups": group_rows(results[-1]), "end": utc_text(results[-1].end_s)}
    return show(request, "model.html", content)


def _chosen(request: HttpRequest, name: str, choices: list[str], default: str) -> str:
    """Return the choice that a request makes.

    Raises:
        Http404: there is no such choice.
    """
    choice = request.GET.get(name, default)
    if choice not in choices:
        raise Http404
    return choice


def _subgroups(attribute: str, verdicts: Iterable[Verdict]) -> list[Subgroups]:
    crossed = [
        verdict for verdict in verdicts if verdict.is_intersection and attribute in verdict.attribute.split(CROSS)
    ]
    ranked = sorted(crossed, key=lambda verdict: (-verdict.severity, verdict.attribute))
    tables = (
        Subgroups(verdict.attribute, group_rows(decode_body(verdict.body), most=_N_SUBGROUPS)) for verdict in ranked
    )
    return [table for table in tables if table.rows]
