"""Where a field is: a path that begins with ``$headers`` names a header of the Kafka record, not a key of its value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stream_app.policy.fields import Constant, EventTime, Identifier
from stream_app.policy.model import ModelPolicy
from stream_app.policy.parts.decision import Decision
from stream_app.policy.parts.paths import declared_paths
from stream_app.policy.values.labeled import Attribute

HEADERS = "$headers"
_INSIDE = f"{HEADERS}."
_AS_TEXT = "a header is text: set numbers_as_text = true"


def header_names(model: ModelPolicy) -> frozenset[str]:
    """Return the names of the headers that a policy reads.

    >>> from stream_app.policy import load_policy
    >>> header_names(load_policy("loans").models[0])
    frozenset()
    """
    paths = (path for path, _ in declared_paths(model))
    return frozenset(path.removeprefix(_INSIDE) for path in paths if path.startswith(_INSIDE))


def header_faults(model: ModelPolicy) -> Iterator[tuple[str, str]]:
    """Yield each header field that can never be read, with the reason."""
    for path, part in declared_paths(model):
        if path == HEADERS:
            yield path, f"names no header; expected {_INSIDE}ce_id, for example"
        elif path.startswith(_INSIDE):
            if "." in path.removeprefix(_INSIDE):
                yield path, "the name of a header must not contain a dot"
            elif part == "box":
                yield path, "a header is text, and a box has four numbers"
    for path, fault in _faults_of_types(model):
        if path.startswith(_INSIDE):
            yield path, fault


def _faults_of_types(model: ModelPolicy) -> Iterator[tuple[str, str]]:
    """Yield what would be at fault in fields that are read as something else than text, if they were headers."""
    yield from map(_fault_of_identifier, (part for part in model.all_identifiers if part.canonical == "integer"))
    yield from _faults_of_values(part for part in (model.decision, *model.constants) if part is not None)
    if not model.numbers_as_text:
        yield from ((feature.path, _AS_TEXT) for feature in model.counted_features)
        yield from ((part.path, _AS_TEXT) for part in model.attributes if _is_band_of_numbers(part))
        yield from ((time.path, _AS_TEXT) for time in [model.event_time] if _is_number(time))


def _fault_of_identifier(identifier: Identifier) -> tuple[str, str]:
    return identifier.path, "a header is text: set canonical = 'text-or-integer'"


def _faults_of_values(parts: Iterable[Decision | Constant]) -> Iterator[tuple[str, str]]:
    for part in parts:
        values = part.values if isinstance(part, Constant) else (*part.favorable_values, *part.unfavorable)
        if not all(isinstance(value, str) for value in values):
            yield part.path, "a header is text: write its values in quotes"


def _is_band_of_numbers(attribute: Attribute) -> bool:
    return bool(attribute.edges) and attribute.derive is None


def _is_number(time: EventTime) -> bool:
    return time.format != "iso8601"


def faults_of_places(model: ModelPolicy) -> Iterator[tuple[str, str]]:
    """Yield each path that leads nowhere, with the reason."""
    yield from header_faults(model)
    if model.instance is not None:
        place = model.instance.path
        paths = [path for path, _ in declared_paths(model)]
        if place.split(".")[0] == HEADERS:
            yield place, "instances are in the value of a record, not in its headers"
        elif not any(path == place or path.startswith(f"{place}.") for path in paths):
            yield place, "no field of the policy is in the instance"
        elif model.instance.layout == "tensors" and place in paths:
            yield place, "is an object of all tensors; expected the name of one behind it"
