"""Compares what was retold with what stands in the topics: every record, byte for byte; the first difference in words.

Of a compacted topic older records of a key may be gone, so a retold record that is not there is excused when a later
one of its key is. A record that is there and was not retold is never excused.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from stream_app.pipeline.records.alerts import decode_alert
from stream_app.pipeline.records.outcome_results import OutcomeResult, decode_any_result
from stream_app.pipeline.records.results import Result
from stream_app.pipeline.replay.verify.recomputation import RecomputedRecord
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_RESULTS

AnyResult = Result | OutcomeResult

_COMPACTED = {FAIRNESS_RESULTS}
_DIGEST_BYTES = 16


class PublishedRecord(NamedTuple):
    """A record of a topic.

    Attributes:
        topic: Its topic.
        partition: Its partition.
        offset: Its offset.
        key: Its key.
        value: Its bytes.
    """

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes


RecordPosition = tuple[str, int, int]  # topic, partition, offset


class RecordMatcher:
    """Matches retold records with those of the topics; holds digests of the latter only.

    Args:
        live: What stands in the topics, in the order of each log.
        n_sure: Journal entries that were complete before the topics were read: what was told in later ones may be
            missing.
    """

    def __init__(self, live: Iterable[PublishedRecord], n_sure: int) -> None:
        self.n_equal = 0
        self._n_sure = n_sure
        self._places: dict[tuple[str, bytes], list[RecordPosition]] = defaultdict(list)
        for record in live:
            name = record.topic, _digest(record.value)
            self._places[name].append((record.topic, record.partition, record.offset))
        self._unmatched: dict[tuple[str, str], RecomputedRecord] = {}  # newest of its key
        self._missing: list[RecomputedRecord] = []

    def match(self, told: RecomputedRecord) -> None:
        """Look for one retold record."""
        places = self._places.get((told.topic, _digest(told.value)))
        key = told.topic, told.key
        if places:
            places.pop(0)
            self.n_equal += 1
            if told.topic in _COMPACTED:
                self._unmatched.pop(key, None)
        elif told.entry < self._n_sure:
            if told.topic in _COMPACTED:
                self._unmatched[key] = told
            else:
                self._missing.append(told)

    def missing(self) -> list[RecomputedRecord]:
        """Return what was retold and is not there, in the order of telling."""
        return sorted([*self._missing, *self._unmatched.values()], key=lambda told: told.entry)

    def unexpected(self) -> list[RecordPosition]:
        """Return the places of the records that were not retold, in the order of the logs."""
        return sorted(place for places in self._places.values() for place in places)


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The first place where live and replay part.

    Attributes:
        topic: Topic of the record.
        key: Its key.
        window: Name of the window; ``alert`` for an alert; empty where the record is about neither.
        start_s: Start of the window, event time in seconds since the epoch.
        end_s: Its end.
        attribute: Protected attribute.
        group: The group; empty for a field of the whole result.
        field: Name of the field; ``record`` when only one side has the record.
        live: Value in the topic; None when it has no such record, or when hidden.
        replayed: Value of the replay; None when it makes no such record, or when hidden.
        is_hidden: Whether the values are about fewer than k and are not told.
    """

    topic: str
    key: str
    field: str
    live: Any
    replayed: Any
    window: str = ""
    start_s: int = 0
    end_s: int = 0
    attribute: str = ""
    group: str = ""
    is_hidden: bool = False


def first_difference(missing: list[RecomputedRecord], unexpected: list[PublishedRecord], k: int) -> Difference | None:
    """Put the two sides together and name the first field that differs; None when there is nothing on either side.

    Args:
        missing: What was retold and is not in the topics.
        unexpected: What is in the topics and was not retold.
        k: Values about a group of fewer on either side are hidden.
    """
    partners = {_identity(live.topic, live.key, live.value): live for live in reversed(unexpected)}
    for told in missing:
        live = partners.get(_identity(told.topic, told.key, told.value))
        return _differ(told.topic, told.key, None if live is None else live.value, told.value, k)
    for live in unexpected:
        return _differ(live.topic, live.key, live.value, None, k)
    return None


def _differ(topic: str, key: str, live: bytes | None, told: bytes | None, k: int) -> Difference:
    if topic == FAIRNESS_ALERTS:
        return _differ_in_alert(key, live, told, k)
    if topic != FAIRNESS_RESULTS:
        field, ours, theirs = _first_field(_fields(told), _fields(live)) if live and told else ("record", None, None)
        return Difference(topic=topic, key=key, field=field, live=theirs, replayed=ours)
    results = [decode_any_result(value) for value in (told, live) if value is not None]
    about = results[0]
    group, field, ours, theirs = "", "record", told is not None, live is not None
    if len(results) > 1:
        group, field, ours, theirs = _first_of_results(*results)
    n_fewest = min((own.n for result in results for own in result.groups if own.group == group), default=k)
    is_hidden = n_fewest < k
    return Difference(
        topic=topic,
        key=key,
        window=about.window,
        start_s=about.start_s,
        end_s=about.end_s,
        attribute=about.attribute,
        group=group,
        field=field,
        live=None if is_hidden else theirs,
        replayed=None if is_hidden else ours,
        is_hidden=is_hidden,
    )


def _differ_in_alert(key: str, live: bytes | None, told: bytes | None, k: int) -> Difference:
    alerts = [decode_alert(value) for value in (told, live) if value is not None]
    about = alerts[0]
    field, ours, theirs = "record", told is not None, live is not None
    if len(alerts) > 1:
        field, ours, theirs = _first_field(*(msgspec.to_builtins(own) for own in alerts))
    is_hidden = field != "record" and min(min(own.n, own.n_reference) for own in alerts) < k
    return Difference(
        topic=FAIRNESS_ALERTS,
        key=key,
        window="alert",
        start_s=about.start_s,
        end_s=about.end_s,
        attribute=about.attribute,
        group=about.group,
        field=field,
        live=None if is_hidden else theirs,
        replayed=None if is_hidden else ours,
        is_hidden=is_hidden,
    )


def _first_of_results(told: AnyResult, live: AnyResult) -> tuple[str, str, Any, Any]:
    """Return group, field and both values; a group that differs says more than a total that follows from it."""
    ours = {group.group: msgspec.to_builtins(group) for group in told.groups}
    theirs = {group.group: msgspec.to_builtins(group) for group in live.groups}
    for name in {**ours, **theirs}:
        if ours.get(name) != theirs.get(name):
            return (name, *_first_field(ours.get(name, {}), theirs.get(name, {})))
    return ("", *_first_field(msgspec.to_builtins(told), msgspec.to_builtins(live)))


def _first_field(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> tuple[str, Any, Any]:
    for name in {**ours, **theirs}:
        if ours.get(name) != theirs.get(name):
            return name, ours.get(name), theirs.get(name)
    return "bytes", None, None


def _fields(value: bytes | None) -> dict[str, Any]:
    """Read a record for comparison; the journal is MessagePack, all else JSON."""
    try:
        fields = msgspec.json.decode(value or b"{}")
    except msgspec.DecodeError:
        fields = msgspec.msgpack.decode(value or b"\x80", strict=False)
    return fields if isinstance(fields, dict) else {"value": fields}


def _identity(topic: str, key: str, value: bytes) -> tuple[Any, ...]:
    """Return what makes two records tellings of one thing."""
    if topic == FAIRNESS_ALERTS:
        return topic, key
    if topic != FAIRNESS_RESULTS:
        return topic, key, _fields(value).get("number")
    result = decode_any_result(value)
    return topic, key, result.revision, result.end_s


def _digest(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=_DIGEST_BYTES).digest()
