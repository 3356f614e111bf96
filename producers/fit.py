"""Checks that the records of a producer fit a policy before the first one is sent, instead of by dead letters later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from producers.event import Event
from stream_app.errors import PolicyError
from stream_app.policy import ModelPolicy, declared_paths


def check_fit(event: Event, model: ModelPolicy, *, action: str) -> None:
    """Compare the fields of a record with those that the policy names.

    Args:
        event: Any record of the producer.
        model: The model that it is sent to.
        action: What to do if it does not fit.

    Raises:
        PolicyError: a field that the model needs is missing, or there is a field that it rejects.
    """
    if model.record is not None:  # written in a layout, which the command has compared
        return
    declared = {path for path, _ in declared_paths(model)}
    paths = set(_paths(json.loads(event.value), declared))
    missing = sorted(_needed_paths(model) - paths)
    unknown = sorted(paths - declared) if model.unknown_fields == "reject" else []
    if missing or unknown:
        misfit = f"missing field {missing[0]!r}" if missing else f"unknown field {unknown[0]!r}"
        raise PolicyError(f"The records do not fit model {model.name!r}: {misfit}", action=action)


def _needed_paths(model: ModelPolicy) -> set[str]:
    paths = {model.event_id.path, model.event_time.path}
    paths |= {identifier.path for identifier in model.identifiers if identifier.is_required}
    paths |= {attribute.path for attribute in model.attributes}
    paths |= {feature.path for feature in model.counted_features if feature.is_required}
    paths |= {part.path for part in (model.decision, model.segment) if part}
    return paths


def _paths(record: dict[str, Any], declared: set[str], prefix: str = "") -> Iterator[str]:
    """Yield the path of each value; an object that the policy names itself is one value."""
    for name, value in record.items():
        path = prefix + name
        if isinstance(value, dict) and path not in declared:
            yield from _paths(value, declared, path + ".")
        else:
            yield path
