"""Gathers the values of sample records by path, for one inspection; nothing of them is kept afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from stream_app.core.inspection.checks import is_pair, is_skeleton, is_vector
from stream_app.core.inspection.encoded import content_of

MAX_PATHS = 5_000
MAX_VALUES = 1_000  # of a path
_MAX_DEPTH = 64
_MOST_NAMES = 256  # of an object; one with more has data as keys
_DATA_AS_KEY = re.compile(r"\d{4}|[0-9a-fA-F]{12}|@[^.]+\.|\s\S+\s|^.{65}", re.DOTALL)
_MAX_DECODED = 3  # layers of encoded text inside each other
ANY_KEY = "*"


class ObservedField(NamedTuple):
    """A field of sample records.

    Attributes:
        path: Names from the outermost object inward, joined by ``.``; ``[]`` marks a list, ``>`` what was decoded.
        values: Values of the sample, nulls left out; at most ``MAX_VALUES``.
        contents: Kinds that encoded values are as a whole, each with the encoding.
    """

    path: str
    values: list[Any]
    contents: list[tuple[str, str]]


class ObservedFields:
    """The fields of the records that were added.

    Attributes:
        n_records: How many records were added.
        n_left_out: Values that are not inspected: of paths beyond ``MAX_PATHS``, or nested or encoded too deeply.
    """

    def __init__(self) -> None:
        self.n_records = 0
        self.n_left_out = 0
        self._fields: dict[str, ObservedField] = {}

    def add(self, record: Any) -> None:
        """Add a decoded record."""
        self.n_records += 1
        self._add(record, "", 0, 0)

    def fields(self) -> Iterable[ObservedField]:
        """Return the fields in the order in which they were first seen."""
        return self._fields.values()

    def _add(self, value: Any, path: str, depth: int, n_decoded: int) -> None:
        if depth > _MAX_DEPTH:
            self.n_left_out += 1
        elif isinstance(value, dict):
            for key, member in value.items():
                name = key if len(value) <= _MOST_NAMES and not _DATA_AS_KEY.search(key) else ANY_KEY
                inner = f"{path}.{name}" if path else name
                if name is ANY_KEY:  # the key is data: it is looked at, and not shown
                    self._add_value(key, f"{inner} (key)", depth, n_decoded)
                self._add(member, inner, depth + 1, n_decoded)
        elif isinstance(value, list) and not _is_one_value(value):
            for member in value:
                self._add(member, f"{path}[]", depth + 1, n_decoded)
        elif value is not None:
            self._add_value(value, path, depth, n_decoded)

    def _add_value(self, value: Any, path: str, depth: int, n_decoded: int) -> None:
        if path not in self._fields:
            if len(self._fields) >= MAX_PATHS:
                self.n_left_out += 1
                return
            self._fields[path] = ObservedField(path, [], [])
        field = self._fields[path]
        if len(field.values) >= MAX_VALUES:
            return
        field.values.append(value)
        content = content_of(value) if isinstance(value, str) else None
        if content is None:
            return
        if n_decoded >= _MAX_DECODED:
            self.n_left_out += 1
            return
        if content.kind is not None:
            field.contents.append((content.kind, content.encoding))
        elif content.value is not None:
            self._add(content.value, f"{path}>", depth + 1, n_decoded + 1)


def _is_one_value(value: list[Any]) -> bool:
    """Return whether a list is looked at as a whole: a vector, a body or a position."""
    return is_pair(value) or is_vector(value) or is_skeleton(value)
