"""Counts the records that were rejected or came too late, by model and hour: nothing of a record but its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from django.db.models import F

from stream_app.edges.kafka.readers.resumed_records import StoredRecord
from stream_app.pipeline.records.dead_letters import DeadLetter, LateDecision
from stream_app.topics import DEAD_LETTERS, LATE_DECISIONS
from stream_app.web_app.projection.models import LATE, NAME_LENGTH, RecordCount

HOUR_S = 3600
QUALITY_TOPICS = (DEAD_LETTERS, LATE_DECISIONS)
_MAX_N, _MAX_TIME_S = 2**31, 253_402_300_800  # records of one batch; the year 9999

_Key = tuple[str, int, str]  # model, start of the hour, what

_decode_letter = msgspec.json.Decoder(DeadLetter).decode
_decode_late = msgspec.json.Decoder(LateDecision).decode


def write_counts(topic: str, records: Iterable[StoredRecord]) -> int:
    """Add the records of a run to the counts of their hours, and return how many could not be read.

    An hour is that in which the record was set aside: a rejected record has no event time that could be trusted.
    """
    count, n_unreadable = _COUNTS[topic], 0
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
            tally[model, time_s // HOUR_S * HOUR_S, what] += n
    for (model, hour_s, what), n in sorted(tally.items()):  # in one order: two topics cannot wait for each other
        key: dict[str, Any] = {"model": model, "hour_s": hour_s, "what": what}
        RecordCount.objects.get_or_create(**key, defaults={"n": 0})
        RecordCount.objects.filter(**key).update(n=F("n") + n)
    return n_unreadable


def _count_letter(value: bytes) -> tuple[str, str, int]:
    letter = _decode_letter(value)
    return letter.model, str(letter.reason), letter.n_records


def _count_late(value: bytes) -> tuple[str, str, int]:
    return _decode_late(value).model, LATE, 1


_COUNTS: dict[str, Callable[[bytes], tuple[str, str, int]]] = {
    DEAD_LETTERS: _count_letter,
    LATE_DECISIONS: _count_late,
}
