"""Reads the fields of a JSON Schema or an Avro schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stream_app.core.inspection.inspection import DeclaredField

_MAX_DEPTH = 12  # a schema may contain itself
_MAX_FIELDS = 20_000
_MAX_PARTS = 200_000  # of a schema that are looked at; references can make a small file endless
_PARTS = ("allOf", "anyOf", "oneOf", "then", "else")
_ANY_NAME = "*"  # in a path: whatever the key


def is_schema(document: Any) -> bool:
    """Return whether a JSON document is a schema rather than a record.

    >>> is_schema({"properties": {"a": {}}}), is_schema({"type": "record", "fields": []}), is_schema({"a": 1})
    (True, True, False)
    """
    if not isinstance(document, dict):
        return False
    is_avro = document.get("type") == "record" and isinstance(document.get("fields"), list)
    has_properties = isinstance(document.get("properties"), dict) and all(
        isinstance(value, (dict, bool)) for value in document["properties"].values()
    )
    return is_avro or has_properties or "$schema" in document


def fields_of(schema: Mapping[str, Any]) -> list[DeclaredField]:
    """Return the fields of a schema, each path once.

    >>> fields_of({"properties": {"who": {"properties": {"mail": {"type": "string", "format": "email"}}}}})
    [DeclaredField(path='who.mail', types=('string',), format='email', description='')]
    >>> nested = {"type": "record", "name": "Q", "fields": [{"name": "ssn", "type": ["null", "string"]}]}
    >>> fields_of({"type": "record", "name": "R", "fields": [{"name": "p", "type": nested}]})
    [DeclaredField(path='p.ssn', types=('string',), format='', description='')]
    """
    is_avro = schema.get("type") == "record" and isinstance(schema.get("fields"), list)
    found = _avro(schema, "", "", {}, 0) if is_avro else _json_schema(schema, _Root(schema), "", frozenset())
    fields: dict[str, DeclaredField] = {}
    for field in found:
        fields.setdefault(field.path, field)
        if len(fields) >= _MAX_FIELDS:
            break
    return list(fields.values())


class _Root:
    """The document that references are about, and how many parts of it were looked at."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.n_parts = 0


def _json_schema(schema: Any, root: _Root, path: str, opened: frozenset[str]) -> Iterator[DeclaredField]:
    """Yield the fields of a part; ``opened`` are the references that it is inside of, which are not followed again."""
    root.n_parts += 1
    if not isinstance(schema, dict) or root.n_parts > _MAX_PARTS:
        return
    reference = schema.get("$ref")
    target = None
    if isinstance(reference, str) and reference not in opened:
        target, opened = _referenced(reference, root.document), opened | {reference}
    parts = [schema, *([target] if target is not None else [])]
    for part in parts:
        inner = [(f"{path}.{name}" if path else name, child) for name, child in _members(part)]
        items = part.get("items")
        lists = [(f"{path}[]", child) for child in (items if isinstance(items, list) else [items]) if child is not None]
        for inner_path, child in (*inner, *lists):
            yield from _json_schema(child, root, inner_path, opened)
        for name in _PARTS:
            alternatives = part.get(name, ())
            for child in alternatives if isinstance(alternatives, list) else (alternatives,):
                yield from _json_schema(child, root, path, opened)
        if path and not inner and not lists:
            types = part.get("type", ())
            names = tuple(map(str, types)) if isinstance(types, list) else (str(types),) if types else ()
            text = f"{part.get('title', '')} {part.get('description', '')}".strip()
            yield DeclaredField(
                path, tuple(name for name in names if name != "null"), str(part.get("format", "")), text
            )


def _members(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    properties = schema.get("properties")
    yield from properties.items() if isinstance(properties, dict) else ()
    others = schema.get("patternProperties")
    yield from ((_ANY_NAME, child) for child in (others.values() if isinstance(others, dict) else ()))
    if isinstance(schema.get("additionalProperties"), dict):
        yield _ANY_NAME, schema["additionalProperties"]


def _referenced(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the part of the same document that a reference names; others are not followed."""
    if not reference.startswith("#/"):
        return None
    part: Any = root
    for name in reference[2:].split("/"):
        part = part.get(name.replace("~1", "/").replace("~0", "~")) if isinstance(part, dict) else None
    return part if isinstance(part, dict) else None


def _avro(schema: Any, path: str, text: str, named: dict[str, Any], depth: int) -> Iterator[DeclaredField]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(schema, list):
        for branch in schema:
            if branch != "null":
                yield from _avro(branch, path, text, named, depth + 1)
    elif isinstance(schema, str):
        if named.get(schema) is not None:
            yield from _avro(named[schema], path, text, {**named, schema: None}, depth + 1)  # not inside itself again
        elif path:
            yield DeclaredField(path, (schema,), "", text)
    elif isinstance(schema, dict):
        yield from _avro_object(schema, path, text, named, depth)


def _avro_object(
    schema: dict[str, Any], path: str, text: str, named: dict[str, Any], depth: int
) -> Iterator[DeclaredField]:
    kind = schema.get("type")
    if isinstance(schema.get("name"), str):
        named.setdefault(schema["name"], schema)
    if kind == "record":
        for field in schema.get("fields", ()):
            if isinstance(field, dict) and isinstance(field.get("name"), str):
                inner = f"{path}.{field['name']}" if path else field["name"]
                yield from _avro(field.get("type"), inner, str(field.get("doc", "")), named, depth + 1)
    elif kind == "array":
        yield from _avro(schema.get("items"), f"{path}[]", text, named, depth + 1)
    elif kind == "map":
        yield from _avro(schema.get("values"), f"{path}.{_ANY_NAME}", text, named, depth + 1)
    elif isinstance(kind, (dict, list)):
        yield from _avro(kind, path, text, named, depth + 1)
    elif path:
        yield DeclaredField(path, (str(kind),), str(schema.get("logicalType", "")), text)
