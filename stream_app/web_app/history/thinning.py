"""Deletes what is not kept: at each record what has become old by it, and a complete series when the rule changes.

The rows are those of one series, such as a model, attribute and window, with ``end_s``. Of an hour or a day the row
with the greatest rank is left, of several such the newest one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Max, Min, QuerySet

from stream_app.core.groups.comparison import State
from stream_app.web_app.history.keeping import DAY_S, HOUR_S, Keeping

_SEVERITY = {str(state): number for number, state in enumerate(State)}
_STEP_S = 10 * DAY_S  # what is looked at in one go
_AT_ONCE = 500

_Rows = QuerySet[Any]


class Ranking(NamedTuple):
    """By what the row is chosen that is left of a span.

    Attributes:
        column: What it is compared by.
        rank: Returns the place of a value among all; the greatest is kept.
    """

    column: str
    rank: Callable[[Any], int]


WORST = Ranking("state", _SEVERITY.__getitem__)


class _Level(NamedTuple):
    """Spans of which one row each is kept, and up to when, given the end of the newest window."""

    width_s: int
    until: Callable[[int], int]


def _levels(keeping: Keeping) -> tuple[_Level, ...]:
    return _Level(HOUR_S, keeping.hours_until), _Level(DAY_S, keeping.days_until)


def thin_after(rows: _Rows, end_s: int, former_s: int, now_s: int, keeping: Keeping, ranking: Ranking = WORST) -> None:
    """Delete what is no longer kept now that a row was stored.

    Args:
        rows: The rows of its series, with it.
        end_s: End of its window.
        former_s: End of the newest window before it was stored.
        now_s: When it was written to Kafka; one window that is dated later makes nothing old.
        keeping: The rule.
        ranking: Which row of a span is kept.
    """
    latest_s = now_s + DAY_S
    before_s, newest_s = min(former_s, latest_s), min(max(end_s, former_s), latest_s)
    for width_s, until in _levels(keeping):
        if end_s < former_s:
            first_s = (end_s - 1) // width_s * width_s
            _keep_one(rows, ranking, width_s, first_s, min(first_s + width_s, until(newest_s)))
        else:
            _keep_one(rows, ranking, width_s, until(before_s), until(newest_s))
    nothing_s = keeping.nothing_until(newest_s)
    if nothing_s > keeping.nothing_until(before_s) or end_s <= nothing_s:
        rows.filter(end_s__lte=nothing_s).delete()


def thin_series(
    rows: _Rows, now_s: int, keeping: Keeping, ranking: Ranking, turn: Callable[[], AbstractContextManager[None]]
) -> None:
    """Apply a rule to all rows of a series.

    Args:
        rows: Its rows.
        now_s: The present time; rows of the far future make nothing old.
        keeping: The rule.
        ranking: Which row of a span is kept.
        turn: Surrounds each transaction, so that others write in between.
    """
    ends = rows.aggregate(first=Min("end_s"), newest=Max("end_s"))
    if ends["newest"] is None:  # running totals only
        return
    newest_s = min(ends["newest"], now_s + DAY_S)
    for width_s, until in _levels(keeping):
        last_s = until(newest_s)
        for first_s in range((ends["first"] - 1) // DAY_S * DAY_S, last_s, _STEP_S):
            with turn(), transaction.atomic():
                _keep_one(rows, ranking, width_s, first_s, min(first_s + _STEP_S, last_s))
    rows.filter(end_s__lte=keeping.nothing_until(newest_s)).delete()


def _keep_one(rows: _Rows, ranking: Ranking, width_s: int, first_s: int, last_s: int) -> None:
    """Keep one row of each span of ``width_s`` after ``first_s`` and up to ``last_s``."""
    if first_s >= last_s:
        return
    kept: dict[int, tuple[int, int, int]] = {}  # by span: rank, end, key
    others: list[int] = []
    found = rows.filter(end_s__gt=first_s, end_s__lte=last_s).values_list("pk", "end_s", ranking.column)
    for pk, end_s, value in found:
        span, one = (end_s - 1) // width_s, (ranking.rank(value), end_s, pk)
        if span in kept:
            others.append(min(one, kept[span])[2])
        kept[span] = max(one, kept.get(span, one))
    for start in range(0, len(others), _AT_ONCE):
        rows.filter(pk__in=others[start : start + _AT_ONCE]).delete()
