"""``/api/quality``: what was not counted, and how often a group was not known."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from typing import Annotated

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Query, Schema
from pydantic import Field

from stream_app.web_app.api.access.faults import ApiError
from stream_app.web_app.api.access.scopes import Scope
from stream_app.web_app.api.document import Route, route
from stream_app.web_app.api.filters import Name
from stream_app.web_app.api.paging import Freshness, answer, fresh
from stream_app.web_app.pages.quality.quality_list import PAGE_TOPICS
from stream_app.web_app.pages.quality.unknown_shares import (
    UnknownShare,
    default_window,
    unknown_shares,
    window_names,
)
from stream_app.web_app.pages.watched import watched_model
from stream_app.web_app.projection.quality import DAY_S, DayCounts, days_of

MAX_DAYS = 31
_N_WINDOWS = 24
_FIRST_DAY = date(1970, 1, 1)


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """The data quality of one model.

    Attributes:
        model: The model.
        k: Fewest records of a shown count.
        days: Days (UTC) on which records were set aside, the newest first.
        unknown: Shares of unknown groups by attribute in the newest windows; none for models of cameras.
        freshness: How current it is.
    """

    model: str
    k: int
    days: tuple[DayCounts, ...]
    unknown: tuple[UnknownShare, ...]
    freshness: Freshness


class QualityFilter(Schema):
    """Which model, days and windows."""

    model: Name = Field(description="Name of a model of the policy, of one of cameras too.", examples=["loans"])
    day: date | None = Field(None, description="The last day, UTC; without it today.", examples=["2026-11-30"])
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = Field(7, description="This many days.")
    window: Name | None = Field(
        None, description="Window of the shares; without it the longest one of at most an hour."
    )


_EXAMPLE = {
    "model": "loans",
    "k": 10,
    "days": [
        {
            "start_s": 1767225600,
            "rejected": 1245,
            "reasons": {"conflict": 1200, "missing": 45},
            "late": None,
            "hours": [{"start_s": 1767229200, "reasons": {"conflict": 1200, "missing": 45}, "late": None}],
        }
    ],
    "unknown": [
        {
            "attribute": "gender",
            "window": "5m",
            "start_s": 1767225600,
            "end_s": 1767225900,
            "n": 1030,
            "unknown": 0.029126,
            "other": None,
        }
    ],
    "freshness": {"is_current": True, "since": "2026-01-01 00:05:03 UTC", "fault": ""},
}


@route(Route("/quality", Scope.QUALITY, QualityFilter, answers=Quality, example=_EXAMPLE))
def quality(request: HttpRequest, chosen: Query[QualityFilter]) -> HttpResponse:
    """Count rejected records by reason and late events, and say how often groups were not known.

    A day is that on which a record was set aside. Counts below k, and those that would reveal such a one, are left out.
    """
    model = watched_model(chosen.model)
    if model is None:
        raise ApiError(422, "The policy has no such model.", parameters=["model"])
    last = chosen.day or datetime.fromtimestamp(time.time(), UTC).date()
    if last < _FIRST_DAY:
        raise ApiError(422, "A day is one since 1970.", parameters=["day"])
    window = chosen.window or default_window(model)
    if window not in window_names(model):
        raise ApiError(422, "The policy has no such window.", parameters=["window"])
    end_s = ((last - _FIRST_DAY).days + 1) * DAY_S
    shares = unknown_shares(model, window, _N_WINDOWS) if model.is_tested else []
    return answer(
        Quality(
            model=model.name,
            k=model.privacy.k,
            days=tuple(days_of(model, end_s - chosen.days * DAY_S, end_s)),
            unknown=tuple(shares),
            freshness=fresh(PAGE_TOPICS),
        )
    )
