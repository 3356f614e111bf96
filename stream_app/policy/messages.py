"""What is wrong with a policy, in words: the path of the field, what it has and what is allowed.

Values that a message quotes are those of the policy itself, which has no secrets and no records; they are escaped and
cut, so a message is one line of printable text.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from msgspec import inspect

from stream_app.errors import PolicyError
from stream_app.policy.types import PATTERNS

_MOST_SHOWN = 60  # characters of a value
_UNKNOWN_FIELD = re.compile(r"^Object contains unknown field `(.*)`$", re.DOTALL)
_MISSING_FIELD = re.compile(r"^Object missing required field `(.*)`$", re.DOTALL)
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


class Place(NamedTuple):
    """A place in a policy that is checked against its type.

    Attributes:
        value: What the policy has there; None where it has nothing.
        kind: What the type allows there, as ``msgspec.inspect`` describes it; None where it is not known.
    """

    value: Any
    kind: Any


def invalid_policy(where: str, what: str) -> PolicyError:
    """Return the error of one field.

    Args:
        where: Its path; empty for the file itself.
        what: What is wrong, and what is allowed.

    >>> str(invalid_policy("models[0].topic", "'a' occurs twice"))
    "Invalid policy: models[0].topic: 'a' occurs twice"
    """
    return PolicyError(f"Invalid policy: {where}: {what}" if where else f"Invalid policy: {what}")


def explain(message: str, data: Any, kind: type) -> PolicyError:
    """Put into words what the types reject.

    Args:
        message: The message of ``msgspec.ValidationError``.
        data: The parsed policy.
        kind: The type that it was checked against.
    """
    what, _, where = message.rpartition(" - at `$")
    if not what:
        what, where = message, ""
    where = where.rstrip("`").lstrip(".")
    place = _place_at(data, inspect.type_info(kind), where)
    if unknown := _UNKNOWN_FIELD.match(what):
        return invalid_policy(where, f"unknown field {_shown(unknown[1])}{_suggestion(unknown[1], place.kind)}")
    if missing := _MISSING_FIELD.match(what):
        return invalid_policy(where, f"required field {missing[1]!r} is missing")
    if isinstance(place.kind, inspect.VarTupleType):
        return _explain_list(where, place)
    close = _close(place.value, _choices(place.kind))
    return invalid_policy(where, f"expected {describe_kind(place.kind)}, got {_shown(place.value)}{close}")


def describe_kind(kind: Any) -> str:
    """Return what a type of the policy allows, in words.

    >>> describe_kind(inspect.type_info(int)), describe_kind(inspect.type_info(bool))
    ('a whole number', 'true or false')
    """
    return WORDS[type(kind)](kind)


def _explain_list(where: str, place: Place) -> PolicyError:
    name = re.sub(r"\[\d+\]", "", where)
    if not isinstance(place.value, list):
        is_of_tables = isinstance(place.kind.item_type, inspect.StructType)
        form = f"[[{name}]]" if is_of_tables else f"{name.rpartition('.')[2]} = [...]"
        return PolicyError(f"Invalid policy: {where} must be a list: write {form}")
    allowed = _range_in_words(place.kind.min_length, place.kind.max_length, unit=" entries")
    return invalid_policy(where, f"expected a list{allowed}, got {len(place.value)}")


def _range_in_words(least: int | None, most: int | None, *, unit: str) -> str:
    if least is not None and most is not None:
        return f" of {least} to {most}{unit}"
    if least is not None:
        return f" of at least {least}{unit}"
    return "" if most is None else f" of at most {most}{unit}"


def _bounds_in_words(kind: inspect.IntType | inspect.FloatType) -> str:
    if kind.ge is not None and kind.le is not None:
        return f" from {kind.ge:,} to {kind.le:,}"
    bounds = ((" above", kind.gt), (", at least", kind.ge), (" below", kind.lt), (", at most", kind.le))
    words = [f"{name} {bound:,}" for name, bound in bounds if bound is not None]
    return " and".join(words) if kind.gt is not None and kind.lt is not None else "".join(words)


def _text_in_words(kind: inspect.StrType) -> str:
    if kind.pattern is not None:
        return PATTERNS[kind.pattern]
    return "text" + _range_in_words(kind.min_length, kind.max_length, unit=" characters")


def _any_of(kind: inspect.UnionType) -> str:
    return " or ".join(describe_kind(one) for one in kind.types if not isinstance(one, inspect.NoneType))


WORDS: dict[type, Callable[[Any], str]] = {
    inspect.StrType: _text_in_words,
    inspect.BoolType: lambda _: "true or false",
    inspect.IntType: lambda kind: f"a whole number{_bounds_in_words(kind)}",
    inspect.FloatType: lambda kind: f"a number{_bounds_in_words(kind)}",
    inspect.LiteralType: lambda kind: " or ".join(map(repr, kind.values)),
    inspect.UnionType: _any_of,
    inspect.StructType: lambda _: "a table",
    inspect.DictType: lambda _: "a table",
    inspect.Metadata: lambda kind: describe_kind(kind.type),
    inspect.VarTupleType: lambda _: "a list",
}


def _place_at(value: Any, kind: Any, where: str) -> Place:
    """Follow a path through a policy and through its type."""
    for name, index in _STEP.findall(where):
        kind = _inside(kind, name)
        if name:
            value = value.get(name) if isinstance(value, dict) else None
        else:
            value = value[int(index)] if isinstance(value, list) else None
    return Place(value, _without_none(kind))


def _inside(kind: Any, name: str) -> Any:
    kind = _without_none(kind)
    if isinstance(kind, inspect.StructType):
        return next((field.type for field in kind.fields if field.name == name), None)
    if isinstance(kind, inspect.DictType):
        return kind.value_type
    return kind.item_type if isinstance(kind, inspect.VarTupleType) else None


def _without_none(kind: Any) -> Any:
    """Return the only type of an optional field; any other type as it is."""
    if isinstance(kind, inspect.UnionType):
        types = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        return types[0] if len(types) == 1 else kind
    return kind


def _choices(kind: Any) -> list[str]:
    return [str(value) for value in kind.values] if isinstance(kind, inspect.LiteralType) else []


def _suggestion(name: str, kind: Any) -> str:
    fields = kind.fields if isinstance(kind, inspect.StructType) else ()
    return _close(name, [field.name for field in fields])


def _close(value: Any, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(str(value), list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _shown(value: Any) -> str:
    """Write a value of the policy on one line of printable text."""
    match value:
        case None:
            return "nothing"
        case dict():
            return "a table"
        case list():
            return "a list"
        case bool():
            return str(value).lower()
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "..."
