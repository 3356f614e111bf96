"""The fields that the decoder of a policy reads: each declared path with the type that is checked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from stream_app.core.events.identifiers import MAX_LENGTH
from stream_app.core.events.reasons import DeadLetterReason
from stream_app.core.events.schema import Field, Schema
from stream_app.policy import (
    ANOMALY_FIELD,
    BUCKET_FIELD,
    N_BUCKETS,
    Attribute,
    Decision,
    EventTime,
    Feature,
    Identifier,
    ModelPolicy,
    Proxy,
    Scalar,
    Segment,
    is_cluster_alone,
    label_by_spelling,
    listed_decision,
)
from stream_app.policy.values.time_columns import TimeReader

BOX_EDGES = ("left", "top", "right", "bottom")

_TEXT = Annotated[str, Meta(max_length=MAX_LENGTH)]
_IDENTIFIER_TYPES: dict[str, Any] = {"text": _TEXT, "integer": int, "text-or-integer": _TEXT | int, "email": _TEXT}
# Microseconds and nanoseconds do not fit in a float.
_TIME_TYPES: dict[str, Any] = {"iso8601": Annotated[datetime, Meta(tz=True)], "epoch_s": float, "epoch_ms": float}
_NUMBER = int | float
_SHARE = Annotated[float, Meta(ge=0, le=1)]
_BUCKET = Annotated[int, Meta(ge=0, lt=N_BUCKETS)]
# Trackers extend boxes beyond the picture; one picture on each side is accepted, pixels are not.
_EDGE = Annotated[float, Meta(ge=-1, le=2)]


def schema_of(model: ModelPolicy, *, times_as_text: bool = False) -> Schema:
    """Compile the decoder of a model.

    Args:
        model: The policy of the model.
        times_as_text: Whether times of ``iso8601`` are left to ``TimeReader``; if not, only RFC 3339 is decoded, in C.
    """
    return Schema(fields_of(model, times_as_text=times_as_text), forbid_unknown=model.unknown_fields == "reject")


def fields_of(model: ModelPolicy, *, times_as_text: bool = False) -> list[Field]:
    """Return the fields that are read from a record; boxes are read to be checked, dropped fields are not read."""
    fields = [_identifier_field(identifier) for identifier in model.all_identifiers]
    is_text = times_as_text and not is_epoch(model.event_time)
    time_type = str if is_text else _time_type(model.event_time)
    takes_time_as_text = model.numbers_as_text and is_epoch(model.event_time)
    fields.append(Field(model.event_time.path, time_type | str if takes_time_as_text else time_type))
    if (decision := listed_decision(model.decision)) is not None:  # an amount is among the counted features
        fields.append(Field(decision.path, _scalar_type(decision_values(decision))))
    fields += [Field(part.path, _label_type(part), part.is_required) for part in labeled_parts(model)]
    if model.model_version is not None:
        fields.append(Field(model.model_version, str | int, is_required=False))
    takes_text = bool(model.missing) or model.numbers_as_text
    fields += [_feature_field(feature, takes_text=takes_text) for feature in model.counted_features]
    fields += [Field(constant.path, _scalar_type(constant.values)) for constant in model.constants]
    fields += [Field(f"{box.path}.{edge}", _EDGE) for box in model.boxes for edge in BOX_EDGES]
    fields += [Field(path, str | bool | int | float, is_required=False) for path in model.keep]
    if model.cluster is not None:
        if is_cluster_alone(model):
            fields.append(Field(model.cluster, str | int | float, is_required=False))
        fields.append(
            Field(BUCKET_FIELD, type(None), is_required=False)
        )  # for what is published; records do not have it
    if model.anomalies is not None:
        fields.append(Field(ANOMALY_FIELD, type(None), is_required=False))  # the same
    return fields


def published_fields_of(model: ModelPolicy) -> list[Field]:
    """Return the fields of the events that are published: with the label of a band where records have a number."""
    attributes = tuple(msgspec.structs.replace(attribute, edges=(), derive=None) for attribute in model.attributes)
    fields = fields_of(msgspec.structs.replace(model, attributes=attributes, cluster=None, anomalies=None))
    fields += [Field(BUCKET_FIELD, _BUCKET, is_required=False)] if model.cluster is not None else []
    return fields + ([Field(ANOMALY_FIELD, _SHARE, is_required=False)] if model.anomalies is not None else [])


def unreadable_paths(model: ModelPolicy) -> list[str]:
    """Return the paths of fields that a record does without when they cannot be read."""
    bands = [attribute.path for attribute in model.attributes if attribute.edges and attribute.is_required]
    return [field.path for field in fields_of(model) if not field.is_required] + bands


def dropped_probabilities(proxy: Proxy) -> tuple[str, str]:
    """Return the names under which records without usable probabilities count: incomplete, and more than 1 together.

    >>> dropped_probabilities(Proxy(name="race", groups={"a": "p_a", "b": "p_b"}, reference="a"))
    ('race (incomplete)', 'race (sum above 1)')
    """
    return f"{proxy.name} (incomplete)", f"{proxy.name} (sum above 1)"


def is_epoch(time: EventTime) -> bool:
    """Return whether times are numbers."""
    return time.format != "iso8601"


def time_reader_of(time: EventTime) -> TimeReader:
    """Return what reads the decoded event times."""
    return TimeReader(time.format, time.time_zone)


def _identifier_field(identifier: Identifier) -> Field:
    return Field(identifier.path, _IDENTIFIER_TYPES[identifier.canonical], identifier.is_required)


def _time_type(time: EventTime) -> Any:
    return _TIME_TYPES.get(time.format, _NUMBER)


def _feature_field(feature: Feature, *, takes_text: bool) -> Field:
    number: Any = Annotated[float, Meta(ge=feature.minimum, le=feature.maximum)]
    return Field(feature.path, number | str if takes_text else number, feature.is_required)


def labeled_parts(model: ModelPolicy) -> list[Attribute | Segment]:
    """Return the attributes and the segment."""
    return [*model.attributes, *([model.segment] if model.segment is not None else [])]


def decision_values(decision: Decision) -> tuple[Scalar, ...]:
    """Return all values of a decision that may occur."""
    return (*decision.favorable_values, *decision.unfavorable)


class ListedValues(NamedTuple):
    """A field whose values are checked after decoding, as they are numbers and 1.0 is 1.

    Attributes:
        path: Its place in the JSON.
        values: The values that may occur.
        reason: Why a record with any other value is rejected.
    """

    path: str
    values: frozenset[Scalar]
    reason: DeadLetterReason


def listed_values(model: ModelPolicy) -> list[ListedValues]:
    """Return the fields whose type does not check their values."""
    parts = [ListedValues(part.path, frozenset(part.values), DeadLetterReason.SCHEMA) for part in model.constants]
    if (decision := listed_decision(model.decision)) is not None:
        values = frozenset(decision_values(decision))
        parts.append(ListedValues(decision.path, values, DeadLetterReason.VALUE))
    return [part for part in parts if _has_numbers(part.values)]


def _label_type(labeled: Attribute | Segment) -> Any:
    """Return the JSON types of a label: 0 and "0" are one group where groups are numbers, true and "true" likewise.

    A band is found after decoding; whatever is not a number has none.
    """
    if isinstance(labeled, Attribute) and labeled.edges:
        return Any
    labels = labeled.groups if isinstance(labeled, Attribute) else labeled.values
    index = label_by_spelling(labels, labeled.aliases)
    aliases = [spelling for spellings in (labeled.aliases or {}).values() for spelling in spellings]
    has_numbers = all(map(_is_whole, labels)) or any(map(_is_whole, aliases))
    has_booleans = "true" in index or "false" in index
    if has_numbers and has_booleans:  # true equals 1 in Python: only where they are one label
        has_booleans = index.get("true") == index.get("1") and index.get("false") == index.get("0")
    types: Any = str | None
    if has_numbers:
        types = types | int | float
    return types | bool if has_booleans else types


def _is_whole(label: str) -> bool:
    return label.lstrip("-").isdigit()


def _has_numbers(values: Iterable[Scalar]) -> bool:
    return any(isinstance(value, int) and not isinstance(value, bool) for value in values)


def _scalar_type(values: tuple[Scalar, ...]) -> Any:
    if isinstance(values[0], bool):
        return bool
    if not _has_numbers(values):
        return Literal[values]
    texts = tuple(value for value in values if isinstance(value, str))
    return int | float | Literal[texts] if texts else int | float
