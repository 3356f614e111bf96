"""The list of alerts, the newest first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from stream_app.web_app.accounts.access import page
from stream_app.web_app.accounts.roles import EVERY_ROLE
from stream_app.web_app.cases.models import CaseAlert
from stream_app.web_app.pages.alerts.facts import headline, subject
from stream_app.web_app.pages.page import show, utc_text
from stream_app.web_app.pages.parts.filters import choice_of, searched_text
from stream_app.web_app.pages.watched import model_in_alert, names_in_alerts, only_visible
from stream_app.web_app.projection.alert_bodies import SealedNotice, decode_alert
from stream_app.web_app.projection.models import AlertRow

_PER_PAGE, _MOST_SEEN = 50, 100
CHANGES = ("breach", "recovery")


class AlertLine(NamedTuple):
    """One alert in a list."""

    id: str
    at: str
    model: str
    attribute: str
    change: str
    what: str
    onset: str
    case: int | None


@page(EVERY_ROLE)
def show_alerts(request: HttpRequest) -> HttpResponse:
    """Show alerts, of one model or attribute if one is chosen."""
    names = names_in_alerts()
    model = choice_of(request, "model", names)
    change = choice_of(request, "change", CHANGES)
    searched = searched_text(request)
    rows = AlertRow.every_alert.filter(model=model) if model else only_visible(AlertRow.every_alert.all())
    if change:
        rows = rows.filter(change=change)
    if searched:
        rows = rows.filter(attribute__icontains=searched)
    shown = Paginator(rows.order_by("-at_s", "-id"), _PER_PAGE).get_page(request.GET.get("page"))
    content = {
        "alerts": alert_lines(shown),
        "shown": shown,
        "names": names,
        "model": model,
        "changes": CHANGES,
        "change": change,
        "searched": searched,
        "is_filtered": bool(model or change or searched),
    }
    return show(request, "alerts.html", content)


def newest_alerts(most: int, model: str = "") -> list[AlertLine]:
    """Return the newest alerts, all or about one model."""
    rows = AlertRow.every_alert.filter(model=model) if model else AlertRow.every_alert.all()
    newest = rows.order_by("-at_s", "-id")
    visible = [row for row in newest[:_MOST_SEEN] if model_in_alert(row.model) is not None]
    if len(visible) < most:  # most of them are about models of other policies
        visible = [*only_visible(newest)[:most]]
    return alert_lines(visible[:most])


def alert_lines(rows: Iterable[AlertRow]) -> list[AlertLine]:
    """Return a line for each alert, with the number of its case."""
    listed = [*rows]
    cases = dict(CaseAlert.objects.filter(alert_id__in=[row.id for row in listed]).values_list("alert_id", "case_id"))
    return [line for row in listed if (line := _line(row, cases.get(row.id))) is not None]


def _line(row: AlertRow, case: int | None) -> AlertLine | None:
    model = model_in_alert(row.model)
    if model is None:
        return None
    alert = decode_alert(row.body, is_sealed=row.is_sealed)
    return AlertLine(
        id=row.id,
        at=utc_text(row.at_s),
        model=row.model,
        attribute=subject(alert),
        change=row.change,
        what=headline(alert, model),
        onset="" if isinstance(alert, SealedNotice) else utc_text(alert.onset_s),
        case=case,
    )
