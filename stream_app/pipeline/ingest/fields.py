"""The fields that the decoder of a policy reads: each declared path with the type that is checked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from stream_app.core.events.identifiers import MAX_LENGTH
from stream_app.core.events.schema import Field, Schema
from stream_app.policy import Attribute, EventTime, Feature, Identifier, ModelPolicy, Scalar, Segment
from stream_app.policy.values.time_columns import TimeReader

BOX_EDGES = ("left", "top", "right", "bottom")

_TEXT = Annotated[str, Meta(max_length=MAX_LENGTH)]
_IDENTIFIER_TYPES: dict[str, Any] = {"text": _TEXT, "integer": int, "text-or-integer": _TEXT | int, "email": _TEXT}
# Microseconds and nanoseconds do not fit in a float.
_TIME_TYPES: dict[str, Any] = {"iso8601": str, "epoch_s": float, "epoch_ms": float}
_NUMBER = int | float
# Trackers extend boxes beyond the picture; one picture on each side is accepted, pixels are not.
_EDGE = Annotated[float, Meta(ge=-1, le=2)]


def schema_of(model: ModelPolicy) -> Schema:
    """Compile the decoder of a model."""
    return Schema(fields_of(model), forbid_unknown=model.unknown_fields == "reject")


def fields_of(model: ModelPolicy) -> list[Field]:
    """Return the fields that are read from a record; boxes are read to be checked, dropped fields are not read."""
    fields = [_identifier_field(identifier) for identifier in model.all_identifiers]
    fields.append(Field(model.event_time.path, _time_type(model.event_time)))
    if model.decision is not None:
        fields.append(Field(model.decision.path, _scalar_type((model.decision.favorable, *model.decision.unfavorable))))
    fields += [Field(attribute.path, _label_type(attribute)) for attribute in model.attributes]
    if model.segment is not None:
        fields.append(Field(model.segment.path, _label_type(model.segment)))
    if model.model_version is not None:
        fields.append(Field(model.model_version, str | int, is_required=False))
    fields += [_feature_field(feature) for feature in model.counted_features]
    fields += [Field(constant.path, _scalar_type(constant.values)) for constant in model.constants]
    fields += [Field(f"{box.path}.{edge}", _EDGE) for box in model.boxes for edge in BOX_EDGES]
    fields += [Field(path, str | bool | int | float, is_required=False) for path in model.keep]
    return fields


def time_reader_of(time: EventTime) -> TimeReader:
    """Return what reads the decoded event times."""
    return TimeReader(time.format, time.time_zone)


def _identifier_field(identifier: Identifier) -> Field:
    return Field(identifier.path, _IDENTIFIER_TYPES[identifier.canonical], identifier.is_required)


def _time_type(time: EventTime) -> Any:
    return _TIME_TYPES.get(time.format, _NUMBER)


def _feature_field(feature: Feature) -> Field:
    return Field(feature.path, Annotated[float, Meta(ge=feature.minimum, le=feature.maximum)], feature.is_required)


def _label_type(labeled: Attribute | Segment) -> Any:
    labels = labeled.groups if isinstance(labeled, Attribute) else labeled.values
    # Groups that are numbers in the policy may be JSON numbers in records: 0 and "0" are one group.
    return str | int | None if all(label.lstrip("-").isdigit() for label in labels) else str | None


def _scalar_type(values: tuple[Scalar, ...]) -> Any:
    return bool if isinstance(values[0], bool) else Literal[values]
