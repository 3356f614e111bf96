"""Counts the records that were rejected or came too late, by model and hour: nothing of a record but its reason.

The hours of an old day are added up, and very old days are deleted.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Any

import msgspec
from django.db.models import F, Max, QuerySet

from stream_app.core.decoding import JsonDecoder
from stream_app.edges.kafka.readers.resumed_records import StoredRecord
from stream_app.pipeline.records.dead_letters import DeadLetter, LateDecision
from stream_app.topics import DEAD_LETTERS, LATE_DECISIONS
from stream_app.web_app.history.keeping import DAY_S, HOUR_S, Keeping
from stream_app.web_app.projection.models import LATE, NAME_LENGTH, RecordCount

QUALITY_TOPICS = (DEAD_LETTERS, LATE_DECISIONS)
_MAX_N, _MAX_TIME_S = 2**31, 253_402_300_800  # records of one batch; the year 9999

_Key = tuple[str, int, str]  # model, start of the hour, what

_decode_letter = JsonDecoder[DeadLetter](DeadLetter).decode
_decode_late = JsonDecoder[LateDecision](LateDecision).decode


def write_counts(topic: str, records: Iterable[StoredRecord], keeping: Keeping) -> int:
    """Add the records of a run to the counts of their hours, and return how many could not be read.

    An hour is that in which the record was set aside, by the clock of the worker but never after the present one: a
    rejected record has no event time that could be trusted.
    """
    count, n_unreadable, now_s = _COUNTS[topic], 0, int(time.time())
    tally: Counter[_Key] = Counter()
    for record in records:
        try:
            model, what, n = count(record.value)
        except msgspec.MsgspecError:
            n_unreadable += 1
            continue
        time_s = record.timestamp_ms // 1000
        if len(model) > NAME_LENGTH or "\0" in model or not 0 < n <= _MAX_N or not 0 <= time_s < _MAX_TIME_S:
            n_unreadable += 1
        else:
            tally[model, min(time_s, now_s) // HOUR_S * HOUR_S, what] += n
    newest = {model: _newest_s(model) for model, _, _ in tally}
    for key, n in sorted(tally.items()):  # in one order: two topics cannot wait for each other
        _add(*key, n)
    for model, former_s in sorted(newest.items()):
        if _makes_old(keeping, [hour_s for name, hour_s, _ in tally if name == model], former_s):
            add_up_days(model, keeping)
    return n_unreadable


def add_up_days(model: str, keeping: Keeping) -> None:
    """Add up the hours of each old day of a model, and delete days of which nothing is kept."""
    newest_s = _newest_s(model)
    of_model = RecordCount.objects.filter(model=model)
    of_model.filter(hour_s__lt=keeping.nothing_until(newest_s)).delete()
    old = of_model.filter(hour_s__lt=keeping.days_until(newest_s))
    days = {hour_s // DAY_S * DAY_S for hour_s in old.filter(is_day=False).values_list("hour_s", flat=True)}
    for day_s in sorted(days):
        _add_up(old.filter(hour_s__gte=day_s, hour_s__lt=day_s + DAY_S), model, day_s)


def _add_up(rows: QuerySet[RecordCount], model: str, day_s: int) -> None:
    """Replace the rows of a day by one for each reason; locked, so that no count is added to a row that is gone."""
    totals: Counter[str] = Counter()
    for row in rows.select_for_update().order_by("hour_s", "what"):
        totals[row.what] += row.n
    rows.delete()
    RecordCount.objects.bulk_create(
        RecordCount(model=model, hour_s=day_s, what=what, n=n, is_day=True) for what, n in totals.items()
    )


def _add(model: str, hour_s: int, what: str, n: int) -> None:
    key: dict[str, Any] = {"model": model, "hour_s": hour_s, "what": what}
    RecordCount.objects.get_or_create(**key, defaults={"n": 0})
    while not RecordCount.objects.filter(**key).update(n=F("n") + n):  # another process has added up this day
        RecordCount.objects.get_or_create(**key, defaults={"n": 0})


def _newest_s(model: str) -> int:
    """Return the start of the newest hour of a model; 0 where there is none."""
    return RecordCount.objects.filter(model=model).aggregate(newest=Max("hour_s"))["newest"] or 0


def _makes_old(keeping: Keeping, hours: Collection[int], former_s: int) -> bool:
    """Return whether hours that were stored have made a day old, or are of an old day."""
    until_s = keeping.days_until(max(former_s, *hours))
    return until_s > keeping.days_until(former_s) or min(hours) < until_s


def _count_letter(value: bytes) -> tuple[str, str, int]:
    letter = _decode_letter(value)
    return letter.model, str(letter.reason), letter.n_records


def _count_late(value: bytes) -> tuple[str, str, int]:
    return _decode_late(value).model, LATE, 1


_COUNTS: dict[str, Callable[[bytes], tuple[str, str, int]]] = {
    DEAD_LETTERS: _count_letter,
    LATE_DECISIONS: _count_late,
}
