"""Conversion of structs, dataclasses and enumerations to plain data for JSON."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec


class Record(NamedTuple):
    """A record of a log. A value of None is a tombstone."""

    offset: int
    time_ms: int
    value: bytes | None


class WrittenRecord(NamedTuple):
    """A record that a step wrote."""

    topic: str
    partition: int
    key: bytes | None
    headers: list[tuple[str, bytes]]
    value: bytes | None


def fields(value: Any) -> dict[str, Any]:
    """Return the fields of a struct or dataclass by name, without those of a struct that are absent."""
    if isinstance(value, msgspec.Struct):
        named = {name: getattr(value, name) for name in value.__struct_fields__}
        return {name: part for name, part in named.items() if part is not msgspec.UNSET}
    return {attribute.name: getattr(value, attribute.name) for attribute in dataclasses.fields(value)}


def plain(value: Any) -> Any:
    """Convert a value to plain data. A tuple as a key becomes nested mappings."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, msgspec.Struct) or dataclasses.is_dataclass(value):
        return {name: plain(part) for name, part in fields(value).items()}
    if isinstance(value, Mapping):
        nested: dict[str, Any] = {}
        for key, inner_value in value.items():
            *outer, name = key if isinstance(key, tuple) else (key,)
            inner = nested
            for part in outer:
                inner = inner.setdefault(str(part), {})
            inner[str(name)] = plain(inner_value)
        return nested
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value
