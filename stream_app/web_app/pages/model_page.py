"""The page of one model: its attributes over time, its groups now, intersections and alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse

from stream_app.pipeline.records.results import CROSS
from stream_app.policy import ModelPolicy
from stream_app.web_app.accounts.access import page
from stream_app.web_app.accounts.roles import EVERY_ROLE
from stream_app.web_app.pages.alerts.alert_list import newest_alerts
from stream_app.web_app.pages.amount_rows import AmountRow, amount_notes, amount_rows
from stream_app.web_app.pages.charts import attribute_charts
from stream_app.web_app.pages.page import show, utc_text
from stream_app.web_app.pages.verdict_rows import GroupRow, attribute_row, decode_body, group_rows
from stream_app.web_app.pages.watched import watched_model
from stream_app.web_app.projection.models import Verdict, WindowRow

_N_WINDOWS, _N_SUBGROUPS, _N_ALERTS = 120, 5, 10


class Table(NamedTuple):
    """How the groups of a result are shown.

    Attributes:
        template: The table.
        rows: Returns a row for each group, or for the worst ones.
        notes: Returns how the table is read; empty where its heading says so.
    """

    template: str
    rows: Callable[..., Sequence[GroupRow | AmountRow]]
    notes: Callable[[ModelPolicy], str]


class Subgroups(NamedTuple):
    """The worst groups of one intersection."""

    attribute: str
    rows: Sequence[GroupRow | AmountRow]


_TABLES = {
    "decisions": Table("groups.html", group_rows, lambda _: ""),
    "amounts": Table("amount_groups.html", amount_rows, amount_notes),
}


@page(EVERY_ROLE)
def show_model(request: HttpRequest, name: str) -> HttpResponse:
    """Show one attribute of a model in windows of one size; the model's worst attribute if none is chosen."""
    model = watched_model(name)
    table = None if model is None else _TABLES.get(model.kind)
    if model is None or table is None:
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
        "table": table.template,
        "notes": table.notes(model),
        "subgroups": _subgroups(table, attribute, verdicts.values()),
        "alerts": newest_alerts(_N_ALERTS, name),
    }
    if results:
        content |= {"groups": table.rows(results[-1]), "end": utc_text(results[-1].end_s)}
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


def _subgroups(table: Table, attribute: str, verdicts: Iterable[Verdict]) -> list[Subgroups]:
    crossed = [
        verdict for verdict in verdicts if verdict.is_intersection and attribute in verdict.attribute.split(CROSS)
    ]
    ranked = sorted(crossed, key=lambda verdict: (-verdict.severity, verdict.attribute))
    crosses = (
        Subgroups(verdict.attribute, table.rows(decode_body(verdict.body), most=_N_SUBGROUPS)) for verdict in ranked
    )
    return [cross for cross in crosses if cross.rows]
