"""``/api/results``: what was judged, as ``fairstream results --json`` prints it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.web_app.api.access.faults import ApiError
from stream_app.web_app.api.access.scopes import Scope
from stream_app.web_app.api.document import Route, route
from stream_app.web_app.api.examples import RESULT, page_of
from stream_app.web_app.api.filters import ModelFilter, PageFilter, selection_of
from stream_app.web_app.api.paging import Freshness, Place, answer_page, newest_first
from stream_app.web_app.projection.models import WindowRow


class ResultPage(msgspec.Struct, frozen=True, kw_only=True):
    """Results, the newest first.

    Attributes:
        items: The results.
        next_cursor: The cursor of the next page; None on the last one.
        freshness: How current they are.
    """

    items: tuple[DisclosedResult, ...]
    next_cursor: str | None
    freshness: Freshness


class ResultFilter(ModelFilter, PageFilter):
    """Which results."""

    state: Literal["ok", "insufficient", "warning", "breach"] | None = Field(None, description="The worst state.")


@route(Route("/results", Scope.RESULTS, ResultFilter, answers=ResultPage, example=page_of(RESULT)))
def results(request: HttpRequest, chosen: Query[ResultFilter]) -> HttpResponse:
    """List results of windows, the newest first; groups below k are suppressed. Running totals are last."""
    selection = selection_of(chosen.model, chosen.attribute, chosen.window)
    is_selective = bool(chosen.attribute or chosen.window or chosen.state)
    if is_selective and len(selection.models) > 1:  # else the rows of all models would be searched
        raise ApiError(422, "With an attribute, window or state give the model, too.", parameters=["model"])
    where: dict[str, Any] = {"model__in": sorted(selection.models)}
    where |= {name: value for name in ("window", "state") if (value := getattr(chosen, name)) is not None}
    if selection.attribute is not None:
        where["attribute"] = selection.attribute
    rows = newest_first(WindowRow.objects.filter(**where), "end_s", chosen, is_number=True)
    found = list(rows[: chosen.limit + 1])
    shown = found[: chosen.limit]
    last = Place(shown[-1].end_s, str(shown[-1].pk)) if len(found) > len(shown) else None
    return answer_page([row.body for row in shown], last)
