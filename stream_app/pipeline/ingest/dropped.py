"""Fields that the policy drops: counted by name where the policy names them, never read.

Deny by default: the metadata of a camera contains plates, faces and positions under names that change with the
firmware. The decoder skips every undeclared field; this module only counts them, so that an operator sees when a source
sends too much. Skipped fields must still be JSON of an acceptable shape, a check that records with only declared fields
do not need.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from stream_app.core.events.encoding import is_utf8
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.core.events.schema import Schema
from stream_app.core.events.strict_json import shape_fault
from stream_app.policy import ModelPolicy, declared_paths

UNDECLARED = "undeclared"

_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class DroppedFields:
    """Counts the fields that the decoder of one model skips."""

    def __init__(self, model: ModelPolicy, schema: Schema) -> None:
        self._max_items = model.max_list_items
        boxes = {box.path for box in model.boxes}
        self._labels = {*model.drop, *boxes}
        kept = {path for path, part in declared_paths(model) if part not in ("drop", "box")}
        self._containers = (set(schema.containers) - boxes) | {outer for path in model.drop for outer in _around(path)}
        self._kept = kept | self._containers
        self._quoted_keys = [f'"{key}"'.encode() for path in kept for key in path.split(".")]

    def is_surely_unique(self, raw: bytes) -> bool:
        """Return whether a cheap count proves that a record contains no declared key twice; False: check it."""
        return b"\\" not in raw and all(raw.count(key) <= 1 for key in self._quoted_keys)

    def count(self, records: Iterable[tuple[int, bytes]], dropped: Counter[str]) -> dict[int, Reason]:
        """Count the dropped fields of some records.

        Args:
            records: Place and value of records that were decoded: their declared fields are valid.
            dropped: Counter by declared path or ``undeclared``, added to in place.

        Returns:
            Place and reason of records that are rejected for their undeclared fields.
        """
        rejected = {}
        for place, raw in records:
            fault = shape_fault(raw, self._max_items) if is_utf8(raw) else Reason.ENCODING
            if fault is not None:
                rejected[place] = fault
            else:
                self._count_object(raw, "", dropped)
        return rejected

    def _count_object(self, raw: bytes | msgspec.Raw, prefix: str, dropped: Counter[str]) -> None:
        try:
            members = _decode_object(raw)
        except msgspec.DecodeError:
            return  # null, or another type in place of an object: there are no fields inside
        for key, value in members.items():
            path = prefix + key
            if path in self._containers:
                self._count_object(value, path + ".", dropped)
            elif path not in self._kept:
                dropped[path if path in self._labels else UNDECLARED] += 1


def _around(path: str) -> list[str]:
    """Return the paths of the objects around a field."""
    parents = path.split(".")[:-1]
    return [".".join(parents[:depth]) for depth in range(1, len(parents) + 1)]
