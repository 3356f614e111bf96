"""A decoder compiled from declared fields.

The declared paths become one ``msgspec`` struct type per JSON object, so that decoding, checking of types and
ranges and refusing of undeclared fields happen in one pass in C, for any customer's own schema.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(frozen=True)
class Field:
    """One declared field.

    Attributes:
        path: Where it lies, keys joined by dots.
        type: The type that ``msgspec`` checks.
        is_required: Whether a record without it is refused; if not, it reads as None.
    """

    path: str
    type: Any
    is_required: bool = True


class Schema:
    """The compiled decoder.

    Attributes:
        decode: ``bytes -> event``; raises ``msgspec.DecodeError`` (no JSON) or ``msgspec.ValidationError``.
        encode: ``event -> bytes``, compact JSON of the declared fields.
        n_keys: Keys of a record in which every field is present.
        containers: Paths of the objects inside the record.

    Args:
        fields: What is read; the paths are unique and none lies inside another.
        forbid_unknown: Whether an undeclared field is an error; otherwise it is skipped unread.

    >>> schema = Schema([Field("applicant.id", str), Field("ok", bool)], forbid_unknown=True)
    >>> event = schema.decode(b'{"applicant":{"id":"7"},"ok":true}')
    >>> schema.getter("applicant.id")(event)
    '7'
    """

    def __init__(self, fields: Iterable[Field], *, forbid_unknown: bool) -> None:
        tree: dict[str, Any] = {}
        self.n_keys = 0
        self.containers: list[str] = []
        for field in fields:
            *parents, leaf = field.path.split(".")
            node = tree
            for depth, parent in enumerate(parents):
                if parent not in node:
                    node[parent] = {}
                    self.n_keys += 1
                    self.containers.append(".".join(parents[: depth + 1]))
                node = node[parent]
            node[leaf] = field
            self.n_keys += 1
        self._attributes: dict[str, str] = {}
        self.type = self._compile(tree, prefix="", attribute_prefix="", forbid_unknown=forbid_unknown)
        self.decode = msgspec.json.Decoder(self.type).decode
        self.encode = msgspec.json.Encoder().encode

    def getter(self, path: str) -> Callable[[Any], Any]:
        """Return the function that reads one field of an event."""
        return operator.attrgetter(self._attributes[path])

    def setter(self, path: str) -> Callable[[Iterable[Any], Iterable[Any]], None]:
        """Return the function that overwrites one field in a run of events."""
        *parents, leaf = self._attributes[path].split(".")
        parent_of = operator.attrgetter(".".join(parents)) if parents else None

        def overwrite(events: Iterable[Any], values: Iterable[Any]) -> None:
            owners = events if parent_of is None else map(parent_of, events)
            for owner, value in zip(owners, values, strict=True):
                setattr(owner, leaf, value)

        return overwrite

    def _compile(self, node: dict[str, Any], *, prefix: str, attribute_prefix: str, forbid_unknown: bool) -> type:
        required, optional, names = [], [], {}
        for number, (key, child) in enumerate(node.items()):
            # Keys of customers need not be Python names, so attributes are numbered.
            attribute = f"f{number}"
            names[attribute] = key
            if isinstance(child, Field):
                self._attributes[child.path] = attribute_prefix + attribute
                if child.is_required:
                    required.append((attribute, child.type))
                else:
                    optional.append((attribute, child.type | None, None))
            else:
                path = f"{prefix}{key}"
                inner = self._compile(
                    child,
                    prefix=f"{path}.",
                    attribute_prefix=f"{attribute_prefix}{attribute}.",
                    forbid_unknown=forbid_unknown,
                )
                required.append((attribute, inner))
        return msgspec.defstruct(
            "Event",
            [*required, *optional],
            rename=names,
            forbid_unknown_fields=forbid_unknown,
            kw_only=True,
            gc=False,
        )
