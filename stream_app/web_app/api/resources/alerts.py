"""``/api/alerts``: breaches and recoveries, as ``fairstream alerts list --json`` prints them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Schema
from pydantic import Field

from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.names import model_of, outcomes_name
from stream_app.web_app.api.access.faults import ApiError
from stream_app.web_app.api.access.scopes import Scope
from stream_app.web_app.api.document import Route, route
from stream_app.web_app.api.examples import ALERT, AMOUNT_ALERT, page_of
from stream_app.web_app.api.filters import Name, PageFilter, selection_of
from stream_app.web_app.api.paging import Freshness, Place, answer_page, newest_first
from stream_app.web_app.pages.watched import watched_names
from stream_app.web_app.projection.models import AlertRow

_MAX_SEARCHED = 5000  # rows of one page: the attribute is inside the record

_alert = msgspec.json.Decoder(DisclosedAlert)


class AlertPage(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts, the newest first.

    Attributes:
        items: The alerts; a page may have fewer than were requested, even none, and still have a next one.
        next_cursor: The cursor of the next page; None on the last one.
        freshness: How current they are.
    """

    items: tuple[DisclosedAlert, ...]
    next_cursor: str | None
    freshness: Freshness


class AlertFilter(PageFilter):
    """Which alerts."""

    model: Name | None = Field(None, description="Name of a model; its outcomes are included.", examples=["loans"])
    attribute: Name | None = Field(None, description="Name of a protected attribute, or of several joined by +.")
    change: Literal["breach", "recovery"] | None = Field(None, description="What happened.")


class AlertId(Schema):
    """Which alert."""

    alert_id: Annotated[str, Field(pattern="^[0-9a-f]{12}$")] = Field(
        description="The id of an alert.", examples=["3f9c2a1b77d0"]
    )


@route(Route("/alerts", Scope.ALERTS, AlertFilter, answers=AlertPage, example=page_of(AMOUNT_ALERT, ALERT)))
def alerts(request: HttpRequest, chosen: Query[AlertFilter]) -> HttpResponse:
    """List breaches and recoveries, the newest first; numbers about fewer than k decisions are left out."""
    selection = selection_of(chosen.model, chosen.attribute)
    names = [name for model in sorted(selection.models) for name in (model, outcomes_name(model))]
    rows = newest_first(AlertRow.objects.filter(model__in=names), "at_s", chosen, is_number=False)
    bodies: list[bytes] = []
    last: Place | None = None
    for number, row in enumerate(rows[:_MAX_SEARCHED].iterator(), start=1):
        if len(bodies) == chosen.limit:
            return answer_page(bodies, last)
        body = bytes(row.body)
        alert = _alert.decode(body)
        if selection.attribute in (None, alert.attribute) and chosen.change in (None, alert.change):
            bodies.append(body)
        last = Place(row.at_s, row.pk)
        if number == _MAX_SEARCHED:
            return answer_page(bodies, last)
    return answer_page(bodies, None)


@route(Route("/alerts/{alert_id}", Scope.ALERTS, answers=DisclosedAlert, example=ALERT, other_statuses=(404,)))
def alert(request: HttpRequest, chosen: Path[AlertId]) -> HttpResponse:
    """Return one alert; 404 where the policy does not monitor its model."""
    row = AlertRow.objects.filter(pk=chosen.alert_id).first()
    if row is None or model_of(row.model) not in watched_names():
        raise ApiError(404)
    return HttpResponse(bytes(row.body), content_type="application/json")
