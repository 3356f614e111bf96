"""The page of the data quality of one model: by day, by hour of one day, and its unknown groups by window."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse

from stream_app.policy import ModelPolicy
from stream_app.render.charts import Line, Point, line_chart
from stream_app.web_app.accounts.access import page
from stream_app.web_app.accounts.roles import EVERY_ROLE
from stream_app.web_app.pages.charts import as_markup
from stream_app.web_app.pages.page import show, utc_text
from stream_app.web_app.pages.parts.filters import choice_of
from stream_app.web_app.pages.quality.quality_list import PAGE_TOPICS, count_text
from stream_app.web_app.pages.quality.reasons import reasons_text
from stream_app.web_app.pages.quality.unknown_shares import (
    UnknownShare,
    default_window,
    percent,
    singles_of,
    unknown_shares,
    window_names,
)
from stream_app.web_app.pages.watched import watched_model
from stream_app.web_app.projection.quality import DAY_S, DayCounts, days_of

_N_DAYS, _N_WINDOWS, _N_LISTED = 14, 120, 24


class CountRow(NamedTuple):
    """One day or hour."""

    time: str
    day: str
    rejected: str
    reasons: str
    late: str


class ShareRow(NamedTuple):
    """One window: for each attribute the share of unknown and of other groups."""

    end: str
    shares: list[tuple[str, str]]


@page(EVERY_ROLE)
def show_model_quality(request: HttpRequest, name: str) -> HttpResponse:
    """Show one model, of cameras too."""
    model = watched_model(name)
    if model is None:
        raise Http404
    today_s = int(time.time()) // DAY_S * DAY_S
    chosen_s = _day(request, today_s)
    days = days_of(model, today_s - (_N_DAYS - 1) * DAY_S, today_s + DAY_S)
    chosen = next((day for day in days if day.start_s == chosen_s), None)
    if chosen is None:
        chosen = next(iter(days_of(model, chosen_s, chosen_s + DAY_S)), None)
    content: dict[str, Any] = {
        "model": name,
        "k": model.privacy.k,
        "n_days": _N_DAYS,
        "sentence": _sentence(days, today_s, model.privacy.k),
        "days": [_day_row(day, model.privacy.k) for day in days],
        "day": _iso(chosen_s),
        "hours": [] if chosen is None else _hour_rows(chosen),
    }
    if model.is_tested:
        content |= _unknown_content(request, model)
    return show(request, "model_quality.html", content, topics=PAGE_TOPICS)


def _day(request: HttpRequest, default_s: int) -> int:
    """Return the start of the day that a request names.

    Raises:
        Http404: it is no day since 1970.
    """
    text = request.GET.get("day", "")
    try:
        chosen = date.fromisoformat(text) if text else datetime.fromtimestamp(default_s, UTC).date()
    except ValueError:
        raise Http404 from None
    if chosen.year < 1970:  # noqa: PLR2004  # before the first record
        raise Http404
    return int(datetime(chosen.year, chosen.month, chosen.day, tzinfo=UTC).timestamp())


def _iso(day_s: int) -> str:
    return datetime.fromtimestamp(day_s, UTC).date().isoformat()


def _sentence(days: Iterable[DayCounts], today_s: int, k: int) -> str:
    today = next((day for day in days if day.start_s == today_s), None)
    rejected, late = (None, None) if today is None else (today.rejected, today.late)
    return f"Today (UTC) {count_text(rejected, k)} records rejected, {count_text(late, k)} events late."


def _day_row(day: DayCounts, k: int) -> CountRow:
    text = _iso(day.start_s)
    return CountRow(text, text, count_text(day.rejected, k), reasons_text(day.reasons), count_text(day.late, k))


def _hour_rows(day: DayCounts) -> list[CountRow]:
    return [
        CountRow(
            time=f"{datetime.fromtimestamp(hour.start_s, UTC):%H:%M}",
            day="",
            rejected="",
            reasons=reasons_text(hour.reasons),
            late="" if hour.late is None else f"{hour.late:,}",
        )
        for hour in day.hours
    ]


def _unknown_content(request: HttpRequest, model: ModelPolicy) -> dict[str, Any]:
    windows = window_names(model)
    window = choice_of(request, "window", windows, default_window(model))
    shares = unknown_shares(model, window, _N_WINDOWS)
    by_end: dict[int, dict[str, UnknownShare]] = {}
    for share in shares:
        by_end.setdefault(share.end_s, {})[share.attribute] = share
    names = singles_of(model)
    return {
        "windows": windows,
        "window": window,
        "attributes": names,
        "shares": [
            _share_row(end_s, by_end[end_s], names, model.privacy.k)
            for end_s in sorted(by_end, reverse=True)[:_N_LISTED]
        ],
        "chart": _chart(shares, names, window),
    }


def _share_row(end_s: int, shares: Mapping[str, UnknownShare], names: Iterable[str], k: int) -> ShareRow:
    return ShareRow(utc_text(end_s), [(name, _shares_text(shares.get(name), k)) for name in names])


def _shares_text(share: UnknownShare | None, k: int) -> str:
    return "–" if share is None else f"{percent(share.unknown, k)} ({percent(share.other, k)})"


def _chart(shares: Iterable[UnknownShare], names: Iterable[str], window: str) -> Any:
    """Draw the shares of unknown groups that may be shown; empty where there are none."""
    points: dict[str, list[Point]] = {name: [] for name in names}
    for share in sorted(shares, key=lambda share: share.end_s):
        if share.unknown is not None:
            points[share.attribute].append(Point(share.end_s, share.unknown))
    title = f"Share of decisions whose group is not known, by window of {window}"
    drawing = line_chart(title, [Line(name, line) for name, line in points.items()])
    return as_markup(drawing) if drawing else ""
