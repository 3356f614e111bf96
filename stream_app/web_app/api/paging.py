"""Pages of a list, newest first. A cursor says after which row the next page begins, so new rows shift nothing."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from django.db.models import Model, Q, QuerySet
from django.http import HttpResponse

from stream_app.web_app.api.access.faults import ApiError
from stream_app.web_app.api.filters import PageFilter, seconds
from stream_app.web_app.pages.page import utc_text
from stream_app.web_app.projection.freshness import freshness

Row = TypeVar("Row", bound=Model)

_CURSOR = re.compile(r"(\d{1,15})\.([0-9a-z]{1,18})", re.ASCII)


class Freshness(msgspec.Struct, frozen=True, kw_only=True):
    """How current an answer is. Without an answer of the broker it is stale, never fine.

    Attributes:
        is_current: Whether everything in Kafka was stored some seconds ago.
        since: Up to when everything is stored; None when nothing was ever read to its end.
        fault: Why nothing newer is stored; empty where that is not known.
    """

    is_current: bool
    since: str | None
    fault: str


class Place(NamedTuple):
    """A row, by what rows are ordered by.

    Attributes:
        time_s: Its event time.
        key: Its primary key.
    """

    time_s: int
    key: str


def encode_cursor(place: Place) -> str:
    """Return the cursor of the rows after a place.

    >>> decode_cursor(encode_cursor(Place(1767225600, "17")))
    Place(time_s=1767225600, key='17')
    """
    return base64.urlsafe_b64encode(f"{place.time_s}.{place.key}".encode()).decode().rstrip("=")


def decode_cursor(text: str) -> Place:
    """Return the place of a cursor.

    Raises:
        ApiError: it is none.
    """
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        decoded = ""
    found = _CURSOR.fullmatch(decoded)
    if found is None:
        raise ApiError(422, "This is not the next_cursor of a page.", parameters=["cursor"])
    return Place(int(found[1]), found[2])


def newest_first(rows: QuerySet[Row], time: str, page: PageFilter, *, is_number: bool) -> QuerySet[Row]:
    """Return the rows of the time range of a page that come after its cursor, in order.

    Args:
        rows: The rows.
        time: Name of the column with their event time.
        page: Which part of them.
        is_number: Whether their primary key is a number.

    Raises:
        ApiError: the cursor is none of this list.
    """
    if page.since is not None:
        rows = rows.filter(**{f"{time}__gte": seconds(page.since)})
    if page.until is not None:
        rows = rows.filter(**{f"{time}__lt": seconds(page.until)})
    if page.cursor is not None:
        after = decode_cursor(page.cursor)
        if is_number and not after.key.isdecimal():
            raise ApiError(422, "This is not the next_cursor of this list.", parameters=["cursor"])
        later = Q(**{f"{time}__lt": after.time_s}) | Q(**{time: after.time_s, "pk__lt": after.key})
        rows = rows.filter(later, **{f"{time}__lte": after.time_s})
    return rows.order_by(f"-{time}", "-pk")


def answer_page(bodies: Sequence[bytes | memoryview], next_place: Place | None) -> HttpResponse:
    """Return a page of stored records, which are JSON already."""
    return answer(
        {
            "items": [msgspec.Raw(bytes(body)) for body in bodies],
            "next_cursor": None if next_place is None else encode_cursor(next_place),
            "freshness": fresh(),
        }
    )


def answer(content: Any) -> HttpResponse:
    """Return an answer as JSON."""
    return HttpResponse(msgspec.json.encode(content), content_type="application/json")


def fresh() -> Freshness:
    """Return how current answers are now."""
    now = freshness()
    since = None if now.since_s is None else utc_text(now.since_s)
    return Freshness(is_current=now.is_current, since=since, fault=now.fault)
