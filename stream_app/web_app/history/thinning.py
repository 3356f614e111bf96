"""Deletes what is not kept: at each result what has become old by it, and everything when the rule changes.

The rows are those of one model, attribute and window, with ``end_s`` and ``state``. Of an hour or a day the row with
the worst state is left, of several such the newest one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Max, Min, QuerySet

from stream_app.core.groups.comparison import State
from stream_app.web_app.history.keeping import DAY_S, HOUR_S, Keeping
from stream_app.web_app.history.models import AppliedKeeping
from stream_app.web_app.history.names import series_in

_SEVERITY = {str(state): number for number, state in enumerate(State)}
_STEP_S = 10 * DAY_S  # what is looked at in one go
_AT_ONCE = 500

_Rows = QuerySet[Any]


class _Level(NamedTuple):
    """Spans of which one row each is kept, and up to when, given the end of the newest window."""

    width_s: int
    until: Callable[[int], int]


def _levels(keeping: Keeping) -> tuple[_Level, ...]:
    return _Level(HOUR_S, keeping.hours_until), _Level(DAY_S, keeping.days_until)


def thin_after(rows: _Rows, end_s: int, former_s: int, now_s: int, keeping: Keeping) -> None:
    """Delete what is no longer kept now that a result was stored.

    Args:
        rows: The results of its model, attribute and window, with it.
        end_s: End of its window.
        former_s: End of the newest window before it was stored.
        now_s: When it was written to Kafka; one window that is dated later makes nothing old.
        keeping: The rule.
    """
    latest_s = now_s + DAY_S
    before_s, newest_s = min(former_s, latest_s), min(max(end_s, former_s), latest_s)
    for width_s, until in _levels(keeping):
        if end_s < former_s:
            first_s = (end_s - 1) // width_s * width_s
            _keep_worst(rows, width_s, first_s, min(first_s + width_s, until(newest_s)))
        else:
            _keep_worst(rows, width_s, until(before_s), until(newest_s))
    nothing_s = keeping.nothing_until(newest_s)
    if nothing_s > keeping.nothing_until(before_s) or end_s <= nothing_s:
        rows.filter(end_s__lte=nothing_s).delete()


def thin_everything(
    rows: _Rows,
    keeping: Keeping,
    now_s: int,
    is_stopped: Callable[[], bool],
    turn: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> None:
    """Apply a rule to all rows of a table, unless that was done; ends early where it is stopped.

    Args:
        rows: The table.
        keeping: The rule.
        now_s: The present time; results of the far future make nothing old.
        is_stopped: Whether to end.
        turn: Surrounds each transaction, so that others write in between.
    """
    if AppliedKeeping.objects.filter(**keeping._asdict()).exists():
        return
    for series in series_in(rows):
        if is_stopped():
            return
        _thin_series(rows.filter(**series, end_s__gt=0), now_s + DAY_S, keeping, turn)
    with transaction.atomic():
        AppliedKeeping.objects.all().delete()
        AppliedKeeping.objects.create(**keeping._asdict())


def _thin_series(
    rows: _Rows, latest_s: int, keeping: Keeping, turn: Callable[[], AbstractContextManager[None]]
) -> None:
    ends = rows.aggregate(first=Min("end_s"), newest=Max("end_s"))
    if ends["newest"] is None:  # running totals only
        return
    newest_s = min(ends["newest"], latest_s)
    for width_s, until in _levels(keeping):
        last_s = until(newest_s)
        for first_s in range((ends["first"] - 1) // DAY_S * DAY_S, last_s, _STEP_S):
            with turn(), transaction.atomic():
                _keep_worst(rows, width_s, first_s, min(first_s + _STEP_S, last_s))
    rows.filter(end_s__lte=keeping.nothing_until(newest_s)).delete()


def _keep_worst(rows: _Rows, width_s: int, first_s: int, last_s: int) -> None:
    """Keep one row of each span of ``width_s`` after ``first_s`` and up to ``last_s``."""
    if first_s >= last_s:
        return
    worst: dict[int, tuple[int, int, int]] = {}  # by span: severity, end, key
    others: list[int] = []
    for pk, end_s, state in rows.filter(end_s__gt=first_s, end_s__lte=last_s).values_list("pk", "end_s", "state"):
        span, found = (end_s - 1) // width_s, (_SEVERITY[state], end_s, pk)
        if span in worst:
            others.append(min(found, worst[span])[2])
        worst[span] = max(found, worst.get(span, found))
    for start in range(0, len(others), _AT_ONCE):
        rows.filter(pk__in=others[start : start + _AT_ONCE]).delete()
