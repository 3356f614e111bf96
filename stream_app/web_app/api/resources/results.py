"""``/api/results``: what was judged, as ``fairstream results --json`` prints it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.web_app.api.access.faults import ApiError
from stream_app.web_app.api.access.scopes import Scope
from stream_app.web_app.api.document import Route, route
from stream_app.web_app.api.examples import AMOUNT_RESULT, RESULT, page_of
from stream_app.web_app.api.filters import ModelFilter, PageFilter, selection_of
from stream_app.web_app.api.paging import Freshness, Place, answer_page, newest_first
from stream_app.web_app.api.running import running
from stream_app.web_app.projection.models import WindowRow

_MAX_SEARCHED = 5000  # rows of one page: not every choice has an index


class ResultPage(msgspec.Struct, frozen=True, kw_only=True):
    """Results, the newest first.

    Attributes:
        items: The results; a page may have fewer than were requested, even none, and still have a next one.
        next_cursor: The cursor of the next page; None on the last one.
        freshness: How current they are.
    """

    items: tuple[DisclosedResult, ...]
    next_cursor: str | None
    freshness: Freshness


class ResultFilter(ModelFilter, PageFilter):
    """Which results."""

    state: Literal["ok", "insufficient", "warning", "breach"] | None = Field(None, description="The worst state.")


@route(Route("/results", Scope.RESULTS, ResultFilter, answers=ResultPage, example=page_of(AMOUNT_RESULT, RESULT)))
def results(request: HttpRequest, chosen: Query[ResultFilter]) -> HttpResponse:
    """List results of windows, the newest first; groups below k are suppressed. Running totals are last.

    Where decisions are amounts, groups have amounts and no approval rate.
    """
    body = running().results.answer_to(request.META["QUERY_STRING"], lambda: _page_of(chosen).content)
    return HttpResponse(body, content_type="application/json")


def _page_of(chosen: ResultFilter) -> HttpResponse:
    selection = selection_of(chosen.model, chosen.attribute, chosen.window)
    is_selective = bool(chosen.attribute or chosen.window or chosen.state)
    if is_selective and len(selection.models) > 1:  # else the rows of all models would be searched
        raise ApiError(422, "With an attribute, window or state give the model, too.", parameters=["model"])
    where: dict[str, Any] = {"model__in": sorted(selection.models)}
    wanted = {name: value for name in ("window", "state") if (value := getattr(chosen, name)) is not None}
    if selection.attribute is not None:
        wanted["attribute"] = selection.attribute
    rows = newest_first(WindowRow.objects.filter(**where), "end_s", chosen, is_number=True)
    edge = None
    if wanted and not {"attribute", "window"} <= wanted.keys():  # which no index has in this order
        edge = _edge_of(rows)
    if edge is not None:
        rows = rows.filter(Q(end_s__gt=edge.time_s) | Q(end_s=edge.time_s, pk__gte=edge.key), end_s__gte=edge.time_s)
    found = [*rows.filter(**wanted).values_list("end_s", "pk", "body")[: chosen.limit + 1]]
    shown = found[: chosen.limit]
    last = Place(shown[-1][0], str(shown[-1][1])) if len(found) > len(shown) else edge
    return answer_page([body for _, _, body in shown], last)


def _edge_of(rows: QuerySet[WindowRow]) -> Place | None:
    """Return the last row that is searched for one page; None where there are fewer."""
    ends = rows.values_list("end_s", "pk")[_MAX_SEARCHED - 1 : _MAX_SEARCHED]
    return next((Place(end_s, str(pk)) for end_s, pk in ends), None)
