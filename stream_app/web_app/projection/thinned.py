"""Applies the rule of what is kept to everything that is stored, when it is another one than before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from stream_app.web_app.history.keeping import Keeping
from stream_app.web_app.history.models import AppliedKeeping
from stream_app.web_app.history.names import models_in, series_in
from stream_app.web_app.history.thinning import WORST, Ranking, thin_series
from stream_app.web_app.projection.camera_windows import BUSIEST
from stream_app.web_app.projection.models import CameraWindow, RecordCount, WindowRow
from stream_app.web_app.projection.record_counts import add_up_days


class _Table(NamedTuple):
    """A table of windows: what names a series of them, and which row of an hour or day is kept."""

    rows: QuerySet[Any]
    names: tuple[str, ...]
    ranking: Ranking


def _tables() -> tuple[_Table, ...]:
    return (
        _Table(WindowRow.objects.filter(end_s__gt=0), ("model", "attribute", "window"), WORST),
        _Table(CameraWindow.objects.all(), ("model", "window"), BUSIEST),
    )


def thin_everything(
    keeping: Keeping,
    now_s: int,
    is_stopped: Callable[[], bool],
    turn: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> None:
    """Apply a rule to all tables, unless that was done; ends early where it is stopped.

    Args:
        keeping: The rule.
        now_s: The present time; what is dated in the far future makes nothing old.
        is_stopped: Whether to end.
        turn: Surrounds each transaction, so that others write in between.
    """
    if AppliedKeeping.objects.filter(**keeping._asdict()).exists():
        return
    for table in _tables():
        for series in series_in(table.rows, table.names):
            if is_stopped():
                return
            thin_series(table.rows.filter(**series), now_s, keeping, table.ranking, turn)
    for model in sorted(models_in(RecordCount)):
        if is_stopped():
            return
        with turn(), transaction.atomic():
            add_up_days(model, keeping)
    with transaction.atomic():
        AppliedKeeping.objects.all().delete()
        AppliedKeeping.objects.create(**keeping._asdict())
