"""JSON Schema (2020-12) of structs, with the titles and descriptions of their docstrings.

Types and limits come from ``msgspec.json.schema``; what a struct and its fields mean is read from the class docstring
(Google style, ``Attributes:``), inherited fields from that of the class that has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from inspect import cleandoc
from typing import Any

import msgspec
from msgspec import inspect

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_FIELD = re.compile(r"^ {4}(\w+): ", re.MULTILINE)
_ATTRIBUTES = "\nAttributes:\n"
_SECTION = re.compile(r"^(?:Raises|Returns|Args):$", re.MULTILINE)


def summary_of(struct: type) -> str:
    """Return what a struct is, without the list of its fields."""
    return _summary(_docstring(struct))


def meanings_of(struct: type) -> dict[str, str]:
    """Return what each field of a struct means, as its docstring or that of a base class says."""
    meanings: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        attributes = _docstring(base).partition(_ATTRIBUTES)[2]
        _, *parts = _FIELD.split(_SECTION.split(attributes)[0])
        meanings |= {name: one_line(text) for name, text in zip(parts[::2], parts[1::2], strict=True)}
    return meanings


def _docstring(struct: type) -> str:
    """Return the own docstring of a class without its indentation, which Python 3.13 removes by itself."""
    return cleandoc(struct.__dict__.get("__doc__") or "")


def _summary(docstring: str) -> str:
    return one_line(docstring.partition(_ATTRIBUTES)[0])


def one_line(text: str) -> str:
    r"""Return a text on one line, code in single backticks.

    >>> one_line("Width of a ``pane``,\n    in seconds. ")
    'Width of a `pane`, in seconds.'
    """
    return re.sub(r"\s+", " ", text.replace("``", "`")).strip()


def schema_of(kind: Any, *, title: str, description: str = "") -> dict[str, Any]:
    """Return the JSON Schema of a struct, or of a union of structs.

    Args:
        kind: The type.
        title: What a document of it is.
        description: More about it; the struct's own summary by default.
    """
    (root,), components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    for component in components.values():
        if "description" in component:  # a docstring as it is written
            component["description"] = _summary(cleandoc(component["description"]))
    for name, struct in _structs_in(kind):
        if name in components:
            _describe(components[name], struct)
    text = description or (summary_of(kind) if isinstance(kind, type) else "")
    head = {"$schema": DIALECT, "title": title} | ({"description": text} if text else {})
    return {**head, **root, "$defs": dict(sorted(components.items()))}


def _describe(schema: dict[str, Any], struct: type) -> None:
    meanings = meanings_of(struct)
    schema["title"] = struct.__name__
    schema["description"] = summary_of(struct)
    for name, field in schema.get("properties", {}).items():
        if name in meanings:
            field["description"] = re.sub(r"\bNone\b", "null", meanings[name])


def _structs_in(kind: Any) -> Iterator[tuple[str, type]]:
    """Yield every struct that a type is made of, by the name that msgspec gives it."""
    seen: set[type] = set()
    pending: list[Any] = [inspect.type_info(kind)]
    while pending:
        info = pending.pop()
        if isinstance(info, inspect.StructType) and info.cls not in seen:
            seen.add(info.cls)
            yield info.cls.__name__, info.cls
            pending += [field.type for field in info.fields]
        pending += _parts_of(info)


def _parts_of(info: Any) -> Iterable[Any]:
    names = ("item_type", "key_type", "value_type", "type")
    parts = [getattr(info, name) for name in names if isinstance(getattr(info, name, None), inspect.Type)]
    return [*parts, *getattr(info, "types", ()), *getattr(info, "item_types", ())]
