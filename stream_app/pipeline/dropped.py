"""Fields that the policy does not let pass: counted by name where the policy names them, never read.

Deny by default: a camera's metadata carries plates, faces and positions under names that change with the firmware.
Whatever is not declared is skipped by the decoder; this module only counts it, so that a person sees that a source
sends what it should not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.core.events.schema import Schema
from stream_app.policy import ModelPolicy, declared_paths

UNDECLARED = "undeclared"

_Object = dict[str, msgspec.Raw]
_decode_object = msgspec.json.Decoder(_Object).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode


class DroppedFields:
    """Counts what the decoder of one model skips."""

    def __init__(self, model: ModelPolicy, schema: Schema) -> None:
        self._max_items = model.max_list_items
        self._labels = {path: path for path in model.drop} | {box.path: box.path for box in model.boxes}
        kept = {path for path, part in declared_paths(model) if part not in ("drop", "box")}
        boxes = {box.path for box in model.boxes}
        dropped_parents = {_parent(path) for path in model.drop if _parent(path)}
        self._containers = (set(schema.containers) - boxes) | dropped_parents
        self._kept = kept | self._containers
        self._quoted_keys = [f'"{key}"'.encode() for path in kept for key in path.split(".")]

    def is_surely_unique(self, raw: bytes) -> bool:
        """Tell cheaply whether no declared key can stand twice in a record; False means: look closer."""
        return b"\\" not in raw and all(raw.count(key) <= 1 for key in self._quoted_keys)

    def count(self, records: Iterable[tuple[int, bytes | None]], dropped: Counter[str]) -> dict[int, Reason]:
        """Count the dropped fields of some records.

        Args:
            records: Place and value of records that were decoded.
            dropped: Counter by declared path or ``undeclared``, added to in place.

        Returns:
            Place and reason of records with a list of too many items.
        """
        refused = {}
        for place, raw in records:
            if raw is not None and not self._count_object(raw, "", dropped):
                refused[place] = Reason.CARDINALITY
        return refused

    def _count_object(self, raw: bytes | msgspec.Raw, prefix: str, dropped: Counter[str]) -> bool:
        try:
            members = _decode_object(raw)
        except msgspec.DecodeError:
            return True  # null or another type where an object may stand: nothing to drop inside
        for key, value in members.items():
            path = prefix + key
            if path in self._containers:
                if not self._count_object(value, path + ".", dropped):
                    return False
            elif path not in self._kept:
                dropped[self._labels.get(path, UNDECLARED)] += 1
            if bytes(memoryview(value)[:1]) == b"[" and len(_decode_list(value)) > self._max_items:
                return False
        return True


def _parent(path: str) -> str:
    return path.rpartition(".")[0]
