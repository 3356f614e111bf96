"""``/api/cameras``: published counts of cameras, as ``fairstream results --json`` prints them."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from stream_app.pipeline.records.aggregates import Aggregate, encode_aggregate
from stream_app.web_app.api.access.faults import ApiError
from stream_app.web_app.api.access.scopes import Scope
from stream_app.web_app.api.document import Route, route
from stream_app.web_app.api.examples import page_of
from stream_app.web_app.api.filters import Name, PageFilter
from stream_app.web_app.api.paging import Freshness, Place, answer_page, newest_first
from stream_app.web_app.pages.watched import watched_model
from stream_app.web_app.projection.camera_windows import shown_aggregate
from stream_app.web_app.projection.models import CameraWindow
from stream_app.web_app.projection.store import CAMERA_TOPICS


class AggregatePage(msgspec.Struct, frozen=True, kw_only=True):
    """Published counts, the newest windows first.

    Attributes:
        items: The counts of windows.
        next_cursor: The cursor of the next page; None on the last one.
        freshness: How current they are.
    """

    items: tuple[Aggregate, ...]
    next_cursor: str | None
    freshness: Freshness


class CountsFilter(PageFilter):
    """Which windows."""

    model: Name = Field(description="Name of a model of cameras.", examples=["crossings"])
    window: Name | None = Field(None, description="Name of a window.", examples=["1m"])


_EXAMPLE = {
    "schema": 1,
    "model": "crossings",
    "window": "1m",
    "start_s": 1767225600,
    "end_s": 1767225660,
    "k": 10,
    "cells": [{"labels": {"zone": "entrance", "class": "person"}, "n": 23}],
    "policy_hash": "0f1e2d3c4b5a6978",
    "code_version": "1.0.0",
    "is_rest": False,
    "noise": "discrete Laplace",
    "epsilon": "1/2",
    "scale": "16",
    "most_cells": 8,
    "renews_s": None,
}


@route(Route("/cameras", Scope.CAMERAS, CountsFilter, answers=AggregatePage, example=page_of(_EXAMPLE)))
def cameras(request: HttpRequest, chosen: Query[CountsFilter]) -> HttpResponse:
    """List published counts of cameras, the newest windows first.

    A cell that is not listed has fewer than k tracks, maybe none, or is hidden so that another cannot be computed.
    """
    model = watched_model(chosen.model)
    if model is None or model.kind != "counts":
        raise ApiError(422, "The policy has no such model of cameras.", parameters=["model"])
    rows = CameraWindow.objects.filter(model=model.name)
    if chosen.window is not None:
        if chosen.window not in {window.name for window in model.windows}:
            raise ApiError(422, "The policy has no such window.", parameters=["window"])
        rows = rows.filter(window=chosen.window)
    found = list(newest_first(rows, "end_s", chosen, is_number=True)[: chosen.limit + 1])
    shown = found[: chosen.limit]
    last = Place(shown[-1].end_s, str(shown[-1].pk)) if len(found) > len(shown) else None
    bodies = [encode_aggregate(shown_aggregate(row, model.privacy.k)) for row in shown]
    return answer_page(bodies, last, CAMERA_TOPICS)
