"""The reference of all fields, made from the structs themselves: what is checked is what is told.

``docs/policy.md`` holds these tables; a test keeps them equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import inspect

from stream_app.policy.model import ModelPolicy, Policy
from stream_app.policy.parts import (
    PATTERNS,
    Attribute,
    Box,
    Constant,
    Decision,
    Detection,
    EventTime,
    Feature,
    Identifier,
    Outcome,
    OutcomeTime,
    PolicyPart,
    Privacy,
    Rules,
    Score,
    Segment,
    WindowPolicy,
)

# Where each part stands in the file, in the order in which a person writes it.
PLACES: dict[type[PolicyPart], str] = {
    Policy: "the file",
    ModelPolicy: "models",
    EventTime: "event_time",
    Identifier: "event_id, identifiers",
    Decision: "decision",
    Attribute: "attributes",
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
}
_FIELD = re.compile(r"^ {8}(\w+): ", re.MULTILINE)


class FieldFact(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one field of a policy.

    Attributes:
        place: Part of the file in which it stands.
        name: Its name.
        expected: What it must hold.
        default: What holds when it is not given; None when it must be given.
        meaning: What it says, with its unit.
    """

    place: str
    name: str
    expected: str
    default: str | None
    meaning: str


def describe_fields() -> Iterator[FieldFact]:
    """Yield every field of a policy file, part by part.

    >>> next(fact for fact in describe_fields() if fact.name == "pane_s").expected
    'whole number, 1 to 3600'
    """
    for part, place in PLACES.items():
        meanings = _meanings(part.__doc__ or "")
        for field in inspect.type_info(part).fields:  # type: ignore[attr-defined]  # a StructType, as Part is a struct
            yield FieldFact(
                place=place,
                name=field.name,
                expected=_expected(field.type),
                default=None if field.required else _default(field.default),
                meaning=meanings[field.name],
            )


def summary_of(part: type[PolicyPart]) -> str:
    """Return what a part of a policy is, without the list of its fields."""
    return _one_line((part.__doc__ or "").partition("    Attributes:")[0])


def as_markdown() -> str:
    """Return one table for each part, for ``docs/policy.md``."""
    lines = []
    for part, place in PLACES.items():
        lines += [f"### `{place}`" if part is not Policy else "### The file", "", summary_of(part), ""]
        lines += ["| field | must hold | default | meaning |", "| --- | --- | --- | --- |"]
        for fact in describe_fields():
            if fact.place == place:
                default = "*must be given*" if fact.default is None else f"`{fact.default}`"
                cells = (f"`{fact.name}`", fact.expected, default, fact.meaning)
                lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines)


def _meanings(docstring: str) -> dict[str, str]:
    """Read the ``Attributes`` section of a docstring."""
    _, *found = _FIELD.split(docstring.partition("Attributes:\n")[2])
    return {name: _one_line(text) for name, text in zip(found[::2], found[1::2], strict=True)}


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("``", "`")).strip()


def _expected(kind: Any) -> str:
    return _IN_WORDS[type(kind)](kind)


def _text(kind: inspect.StrType) -> str:
    if kind.pattern is not None:
        return PATTERNS[kind.pattern]
    return "text" if kind.max_length is None else f"text, at most {kind.max_length} characters"


def _list(kind: inspect.VarTupleType) -> str:
    bounds = (("at least", kind.min_length), ("at most", kind.max_length))
    return f"list of: {_expected(kind.item_type)}" + "".join(f"; {words} {n}" for words, n in bounds if n is not None)


def _any_of(kind: inspect.UnionType) -> str:
    return " or ".join(_expected(one) for one in kind.types if not isinstance(one, inspect.NoneType))


def _range(kind: inspect.IntType | inspect.FloatType) -> str:
    if kind.ge is not None and kind.le is not None:
        return f", {kind.ge} to {kind.le}"
    bounds = (("at least", kind.ge), ("above", kind.gt), ("below", kind.lt), ("at most", kind.le))
    return "".join(f", {words} {bound}" for words, bound in bounds if bound is not None)


def _default(value: object) -> str:
    if isinstance(value, tuple):
        names = [f"{window.name}" for window in value if isinstance(window, WindowPolicy)]
        return ", ".join(names) or "none"
    if value is None:
        return "none"
    return "its defaults" if isinstance(value, PolicyPart) else msgspec.json.encode(value).decode()


_IN_WORDS: dict[type, Callable[[Any], str]] = {
    inspect.StrType: _text,
    inspect.BoolType: lambda _: "true or false",
    inspect.IntType: lambda kind: f"whole number{_range(kind)}",
    inspect.FloatType: lambda kind: f"number{_range(kind)}",
    inspect.LiteralType: lambda kind: " or ".join(f"`{value}`" for value in kind.values),
    inspect.UnionType: _any_of,
    inspect.VarTupleType: _list,
    inspect.StructType: lambda kind: f"table `{PLACES[kind.cls]}`",
}
