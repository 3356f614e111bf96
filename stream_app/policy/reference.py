"""The reference of all fields of a policy, made from the structs themselves, so it cannot differ from what is checked.

``docs/reference/policy.md`` has these tables; a test keeps them equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import inspect

from stream_app.json_schema import meanings_of, summary_of
from stream_app.policy.fields import (
    Box,
    CameraRecords,
    Constant,
    EventTime,
    Feature,
    Identifier,
    Instance,
    Outcome,
    OutcomeTime,
    Score,
)
from stream_app.policy.limits import Detection, Noise, Privacy, Publication, Rules, Sealing, WindowPolicy
from stream_app.policy.messages import describe_kind
from stream_app.policy.model import ModelPolicy, Policy
from stream_app.policy.parts.decision import Decision
from stream_app.policy.types import PolicyPart
from stream_app.policy.values.anomalies import Anomalies
from stream_app.policy.values.labeled import Attribute, Segment
from stream_app.policy.values.proxies import Proxy

# Where each part is in the file, in the order in which a person writes it.
PLACES: dict[type[PolicyPart], str] = {
    Policy: "the file",
    ModelPolicy: "models",
    Instance: "instance",
    CameraRecords: "record",
    EventTime: "event_time",
    Identifier: "event_id, identifiers",
    Decision: "decision",
    Attribute: "attributes",
    Proxy: "proxies",
    Segment: "segment",
    Score: "score",
    Outcome: "outcome",
    OutcomeTime: "outcome.event_time",
    Feature: "features",
    Constant: "constants",
    Box: "boxes",
    WindowPolicy: "windows",
    Rules: "rules",
    Detection: "detection",
    Privacy: "privacy",
    Publication: "publication",
    Noise: "publication.noise",
    Sealing: "sealing",
    Anomalies: "anomalies",
}


class FieldFact(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one field of a policy.

    Attributes:
        place: Part of the file that it belongs to.
        name: Its name.
        expected: Allowed values.
        default: Its default; None when it is required.
        meaning: What it means, with its unit.
    """

    place: str
    name: str
    expected: str
    default: str | None
    meaning: str


def describe_fields() -> Iterator[FieldFact]:
    """Yield every field of a policy file, part by part.

    >>> next(fact for fact in describe_fields() if fact.name == "pane_s").expected
    'a whole number from 1 to 3,600'
    """
    for part, place in PLACES.items():
        meanings = meanings_of(part)
        for field in inspect.type_info(part).fields:  # type: ignore[attr-defined]  # a StructType, as Part is a struct
            yield FieldFact(
                place=place,
                name=field.name,
                expected=_expected(field.type),
                default=None if field.required else _default(field.default),
                meaning=meanings[field.name],
            )


def as_markdown() -> str:
    """Return one table for each part, for ``docs/reference/policy.md``."""
    lines = []
    for part, place in PLACES.items():
        lines += [f"### `{place}`" if part is not Policy else "### The file", "", summary_of(part), ""]
        lines += ["| field | allowed values | default | meaning |", "| --- | --- | --- | --- |"]
        for fact in describe_fields():
            if fact.place == place:
                default = "*required*" if fact.default is None else f"`{fact.default}`"
                cells = (f"`{fact.name}`", fact.expected, default, fact.meaning)
                lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines)


def _expected(kind: Any) -> str:
    return _IN_WORDS.get(type(kind), describe_kind)(kind)


def _list(kind: inspect.VarTupleType) -> str:
    bounds = (("at least", kind.min_length), ("at most", kind.max_length))
    return f"list of: {_expected(kind.item_type)}" + "".join(f"; {words} {n}" for words, n in bounds if n is not None)


def _any_of(kind: inspect.UnionType) -> str:
    return " or ".join(_expected(one) for one in kind.types if not isinstance(one, inspect.NoneType))


def _default(value: object) -> str:
    if isinstance(value, tuple):
        names = [f"{window.name}" for window in value if isinstance(window, WindowPolicy)]
        return ", ".join(names) or "none"
    if value is None:
        return "none"
    return "its defaults" if isinstance(value, PolicyPart) else msgspec.json.encode(value).decode()


_IN_WORDS: dict[type, Callable[[Any], str]] = {
    inspect.LiteralType: lambda kind: " or ".join(f"`{value}`" for value in kind.values),
    inspect.UnionType: _any_of,
    inspect.VarTupleType: _list,
    inspect.Metadata: lambda kind: _expected(kind.type),
    inspect.DictType: lambda kind: f"table of: {_expected(kind.value_type)}",
    inspect.StructType: lambda kind: f"table `{PLACES[kind.cls]}`",
}
