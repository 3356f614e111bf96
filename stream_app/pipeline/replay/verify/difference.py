"""The difference between recomputed and published records that explains most: the record, its field, both values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from stream_app.core.decoding import decode_json, decode_message_pack
from stream_app.pipeline.records.alerts import Alert, decode_alert_record
from stream_app.pipeline.records.outcome_results import AnyResult, decode_every_result
from stream_app.pipeline.replay.verify.matching import PublishedRecord
from stream_app.pipeline.replay.verify.recomputation import RecomputedRecord
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_RESULTS

COUNTS = ("n", "favorable", "tp", "fp", "fn", "tn")  # the counts of a group, of decisions or of outcomes
_MOST_COMPARED = 2_000  # records in which a count that differs is searched


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The first field that differs between the live record and the replayed one.

    Attributes:
        topic: Topic of the record.
        key: Its key.
        window: Name of the window; ``alert`` for an alert; empty where the record is about neither.
        start_s: Start of the window, event time in seconds since the epoch.
        end_s: Its end.
        attribute: Protected attribute.
        group: The group; empty for a field of the complete result.
        field: Name of the field; ``record`` when only one side has the record.
        live: Value in the topic; None when it has no such record, or when hidden.
        replayed: Value of the replay; None when it makes no such record, or when hidden.
        is_hidden: Whether the values are about fewer than k and are left out.
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
    """Pair the two sides and return the difference that explains most; None when both sides are empty.

    That is the first count of a result that differs, since all other values follow from counts, of the shortest window
    if several differ from one journal entry on; where no count does, the first field that differs.

    Args:
        missing: Records that were recomputed and are not in the topics.
        unexpected: Records that are in the topics and were not recomputed.
        k: Values about a group of fewer than k decisions on either side are hidden.
    """
    partners = {_identity(live.topic, live.key, live.value): live for live in reversed(unexpected)}
    first: Difference | None = None
    counts: list[Difference] = []
    entry = None
    for record in missing[:_MOST_COMPARED]:
        if counts and record.entry != entry:
            break
        partner = partners.get(_identity(record.topic, record.key, record.value))
        difference = _compare(record.topic, record.key, None if partner is None else partner.value, record.value, k)
        if difference.field in COUNTS and difference.group and not difference.is_hidden:
            counts.append(difference)
            entry = record.entry
        first = first or difference
    if counts:
        return min(counts, key=lambda difference: difference.end_s - difference.start_s)
    if first is None and unexpected:
        live = unexpected[0]
        return _compare(live.topic, live.key, live.value, None, k)
    return first


def _compare(topic: str, key: str, live: bytes | None, replayed: bytes | None, k: int) -> Difference:
    if topic == FAIRNESS_ALERTS and "log10_e" in _fields(live or replayed):
        return _compare_alerts(key, live, replayed, k)
    if topic != FAIRNESS_RESULTS:  # of the journal, or a restart of monitoring
        is_pair = live and replayed
        field, ours, theirs = _first_field(_fields(replayed), _fields(live)) if is_pair else ("record", None, None)
        return Difference(topic=topic, key=key, field=field, live=theirs, replayed=ours)
    return _compare_results(topic, key, live, replayed, k)


def _compare_results(topic: str, key: str, live: bytes | None, replayed: bytes | None, k: int) -> Difference:
    results = [decode_every_result(value) for value in (replayed, live) if value is not None]
    subject = results[0]
    group, field, ours, theirs = "", "record", replayed is not None, live is not None
    if len(results) > 1:
        group, field, ours, theirs = _first_of_results(results[0], results[1], k)
    n_fewest = min((part.n for result in results for part in result.groups if part.group == group), default=k)
    is_hidden = n_fewest < k
    return Difference(
        topic=topic,
        key=key,
        window=subject.window,
        start_s=subject.start_s,
        end_s=subject.end_s,
        attribute=subject.attribute,
        group=group,
        field=field,
        live=None if is_hidden else theirs,
        replayed=None if is_hidden else ours,
        is_hidden=is_hidden,
    )


def _compare_alerts(key: str, live: bytes | None, replayed: bytes | None, k: int) -> Difference:
    records = [decode_alert_record(value) for value in (replayed, live) if value is not None]
    alerts = [record for record in records if isinstance(record, Alert)]
    field, ours, theirs = "record", replayed is not None, live is not None
    if not alerts:  # a restart of the monitoring, without numbers about people
        if len(records) > 1:
            field, ours, theirs = _first_field(*(msgspec.to_builtins(record) for record in records))
        return Difference(topic=FAIRNESS_ALERTS, key=key, field=field, live=theirs, replayed=ours)
    subject = alerts[0]
    if len(alerts) > 1:
        field, ours, theirs = _first_field(*(msgspec.to_builtins(alert) for alert in alerts))
    is_few = any(min(alert.n, alert.n_reference) < k or alert.is_rounded is True for alert in alerts)
    is_hidden = field != "record" and is_few
    return Difference(
        topic=FAIRNESS_ALERTS,
        key=key,
        window="alert",
        start_s=subject.start_s,
        end_s=subject.end_s,
        attribute=subject.attribute,
        group=subject.group,
        field=field,
        live=None if is_hidden else theirs,
        replayed=None if is_hidden else ours,
        is_hidden=is_hidden,
    )


def _first_of_results(replayed: AnyResult, live: AnyResult, k: int) -> tuple[str, str, Any, Any]:
    """Return group, field and both values: a count that may be shown, else what differs first in a group, or at all.

    The ratios of all groups follow from the counts of the reference, and totals from those of groups.
    """
    ours = {group.group: msgspec.to_builtins(group) for group in replayed.groups}
    theirs = {group.group: msgspec.to_builtins(group) for group in live.groups}
    different = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
    for name in different:
        sides = [side[name] for side in (ours, theirs) if name in side]
        field = next((count for count in COUNTS if len({side.get(count) for side in sides}) > 1), None)
        if field is not None and min(side["n"] for side in sides) >= k:
            return name, field, ours[name].get(field), theirs[name].get(field)
    for name in different:
        return (name, *_first_field(ours.get(name, {}), theirs.get(name, {})))
    return ("", *_first_field(msgspec.to_builtins(replayed), msgspec.to_builtins(live)))


def _first_field(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> tuple[str, Any, Any]:
    for name in {**ours, **theirs}:
        if ours.get(name) != theirs.get(name):
            return name, ours.get(name), theirs.get(name)
    return "bytes", None, None


def _fields(value: bytes | None) -> dict[str, Any]:
    """Read a record for comparison; the journal is MessagePack, all other records are JSON."""
    try:
        fields = decode_json(value or b"{}")
    except msgspec.DecodeError:
        fields = decode_message_pack(value or b"\x80")
    return fields if isinstance(fields, dict) else {"value": fields}


def _identity(topic: str, key: str, value: bytes) -> tuple[Any, ...]:
    """Return what makes two records versions of the same fact."""
    if topic == FAIRNESS_ALERTS:
        return topic, key
    if topic != FAIRNESS_RESULTS:
        return topic, key, _fields(value).get("number")
    result = decode_every_result(value)
    return topic, key, result.revision, result.end_s
