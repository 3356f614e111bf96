"""A decoder compiled from declared fields.

The declared paths become one ``msgspec`` struct type per JSON object, so that decoding, type and range checks and the
rejection of undeclared fields happen in one pass in C, for any customer's schema.
"""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


@dataclass(frozen=True)
class Field:
    """One declared field.

    Attributes:
        path: Keys from the outermost object to the field, joined by dots.
        type: The type that ``msgspec`` checks.
        is_required: Whether a record without it is rejected; if not, it may be absent (``UNSET``) or null (None).
    """

    path: str
    type: Any
    is_required: bool = True


class Schema:
    """The compiled decoder.

    An object inside the record is required when a field inside it is; other objects may be absent or null.

    Attributes:
        decode: ``bytes -> event``; raises ``msgspec.DecodeError`` (not JSON), ``msgspec.ValidationError``, or a
            ``ValueError`` or ``RecursionError`` for hostile bytes.
        encode: ``event -> bytes``, compact JSON of the declared fields; ``UNSET`` ones are left out.
        containers: Paths of the objects inside the record.
        paths: Paths of all declared fields and of the objects around them.

    Args:
        fields: The fields to read; paths are unique, and none is inside another.
        forbid_unknown: Whether an undeclared field is an error; if not, it is skipped unread.

    >>> schema = Schema([Field("applicant.id", str), Field("ok", bool)], forbid_unknown=True)
    >>> event = schema.decode(b'{"applicant":{"id":"7"},"ok":true}')
    >>> schema.getter("applicant.id")(event)
    '7'
    """

    def __init__(self, fields: Iterable[Field], *, forbid_unknown: bool) -> None:
        tree: dict[str, Any] = {}
        for field in fields:
            *parents, leaf = field.path.split(".")
            node = tree
            for parent in parents:
                node = node.setdefault(parent, {})
            node[leaf] = field
        self.containers: list[str] = []
        self._attributes: dict[str, str] = {}  # path -> attributes of the struct types, joined by dots
        self._optional: list[str] = []  # paths of what may be absent
        self.type = self._compile(tree, "", "", forbid_unknown=forbid_unknown)
        self.paths = frozenset(self._attributes)
        self.decode: Callable[[bytes], Any] = msgspec.json.Decoder(self.type).decode
        self.encode: Callable[[Any], bytes] = msgspec.json.Encoder().encode
        self._optional_getters = [self.getter(path) for path in self._optional]

    def n_keys_in(self, events: Sequence[Any]) -> int:
        """Return how many declared keys some decoded events contain, each counted once per object."""
        absent = sum(list(map(get, events)).count(UNSET) for get in self._optional_getters)
        return len(self._attributes) * len(events) - absent

    def getter(self, path: str) -> Callable[[Any], Any]:
        """Return the function that reads one field or object of an event."""
        read = operator.attrgetter(self._attributes[path])
        if not any(path.startswith(optional + ".") for optional in self._optional):
            return read

        def read_within(event: Any) -> Any:
            try:
                return read(event)
            except AttributeError:  # the object around it is absent or null
                return UNSET

        return read_within

    def setter(self, path: str) -> Callable[[Iterable[Any], Iterable[Any]], None]:
        """Return the function that overwrites one field or object of some events; ``UNSET`` removes it."""
        *parents, leaf = self._attributes[path].split(".")
        parent_of = self.getter(path.rpartition(".")[0]) if parents else None

        def overwrite(events: Iterable[Any], values: Iterable[Any]) -> None:
            if parent_of is None:
                deque(map(setattr, events, repeat(leaf), values), maxlen=0)  # a loop in C
                return
            for owner, value in zip(map(parent_of, events), values, strict=True):
                if owner:  # an object around it may be absent or null
                    setattr(owner, leaf, value)

        return overwrite

    def _compile(self, node: dict[str, Any], path: str, attributes: str, *, forbid_unknown: bool) -> type:
        members: list[Any] = []
        names = {}
        for number, (key, child) in enumerate(node.items()):
            name = f"f{number}"  # keys of customers need not be Python names
            names[name] = key
            inside, within = f"{path}{key}", f"{attributes}{name}"
            self._attributes[inside] = within
            if not _is_required(child):
                self._optional.append(inside)
            if isinstance(child, Field):
                kind = child.type
            else:
                self.containers.append(inside)
                kind = self._compile(child, f"{inside}.", f"{within}.", forbid_unknown=forbid_unknown)
            members.append((name, kind) if _is_required(child) else (name, kind | None | UnsetType, UNSET))
        return msgspec.defstruct(
            "Event", members, rename=names, forbid_unknown_fields=forbid_unknown, kw_only=True, gc=False
        )


def _is_required(node: Any) -> bool:
    """Return whether a field, or any field inside an object, is required."""
    return node.is_required if isinstance(node, Field) else any(map(_is_required, node.values()))
