"""The judge's state as entries of its state topic: small, one for each pane, window and mark, written when changed.

Keys read ``model|kind|...|piece``. A value too large for one record is cut in pieces; pieces of one value are written
in one transaction, so they always fit together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

import msgspec

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.source_progress import SourcePartition, SourceProgress
from stream_app.core.windows.tally import Tally, TallyConfig
from stream_app.core.windows.tally_changes import CLOCK, StateKey
from stream_app.core.windows.tumbling import RunningTotal, WindowCounts, WindowSpec
from stream_app.errors import StateError

VERSION = 3
MAX_PIECE_BYTES = 400_000  # far below the broker's limit of 1 MiB for a record, with room for others in its batch
NEW_APP_ID = "Operator action: give a new app_id (FAIRSTREAM_APP_ID) to count afresh from the raw topics"

Changes = list[tuple[bytes, bytes | None]]
Value = TypeVar("Value")


class StoredClock(msgspec.Struct, array_like=True, frozen=True):
    """How far a model has come, and by what its state can be read."""

    version: int
    layout_hash: str
    n_partitions: int
    closed_before_s: int | None
    idle_since_s: float | None
    windows: tuple[tuple[str, int, int | None], ...]  # name, size, since


class StoredMark(msgspec.Struct, array_like=True, frozen=True):
    """A ``SourceProgress``."""

    next_offset: int
    closed_before_s: int | None
    max_event_s: int | None
    is_idle: bool
    first_offset: int


class StoredWindow(msgspec.Struct, array_like=True, frozen=True):
    """A ``WindowCounts``."""

    revision: int
    offsets: dict[str, dict[int, int]]
    cells: Cells


class StoredTotal(msgspec.Struct, array_like=True, frozen=True):
    """A ``RunningTotal``."""

    start_s: int | None
    end_s: int | None
    cells: Cells


_encoder = msgspec.msgpack.Encoder()
_SHAPES: dict[str, tuple[type[str | int], ...]] = {  # how the key of each kind of entry reads
    "clock": (),
    "mark": (str, int),
    "pane": (str, int, int),
    "window": (str, int),
    "total": (),
    "part": (str, int, int),
    "journal": (),
    "monitor": (),
    "scores": (),
}


class StateWriter:
    """Turns changed entries of one model into records of the state topic.

    Args:
        model: Name of the model.
        layout_hash: Hash of what the counts depend on.
        held: The entries that the state topic holds already, with their pieces.
    """

    def __init__(self, model: str, layout_hash: str, held: Mapping[StateKey, list[bytes]]) -> None:
        self._model = model
        self._layout_hash = layout_hash
        self._n_pieces = {entry: len(pieces) for entry, pieces in held.items() if len(pieces) > 1}

    def encode(self, tally: Tally, changed: Iterable[StateKey]) -> Changes:
        """Encode the present value of the changed entries; a removed one becomes tombstones."""
        changes: Changes = []
        for entry in sorted(changed, key=str):
            value = self._value_of(tally, entry)
            changes += self.encode_bytes(entry, None if value is None else _encoder.encode(value))
        return changes

    def encode_bytes(self, entry: StateKey, data: bytes | None) -> Changes:
        """Cut one value in as many pieces as it needs, and remove pieces that it no longer needs."""
        data = data or b""
        pieces = [data[first : first + MAX_PIECE_BYTES] for first in range(0, len(data), MAX_PIECE_BYTES)]
        n_before = self._n_pieces.pop(entry, 1)
        if len(pieces) > 1:
            self._n_pieces[entry] = len(pieces)
        surplus: list[bytes | None] = [None] * (n_before - len(pieces))
        return [(self._key(entry, number), piece) for number, piece in enumerate([*pieces, *surplus])]

    def _key(self, entry: StateKey, piece: int) -> bytes:
        return "|".join((self._model, *map(str, entry), str(piece))).encode()

    def _value_of(self, tally: Tally, entry: StateKey) -> object | None:
        match entry:
            case ("mark", str(topic), int(partition)):
                mark = tally.marks[SourcePartition(topic, partition)]
                return StoredMark(
                    mark.next_offset, mark.closed_before_s, mark.max_event_s, mark.is_idle, mark.first_offset
                )
            case ("pane", str(topic), int(partition), int(start_s)):
                source = SourcePartition(topic, partition)
                cells = tally.open_panes.get(start_s, {}).get(source)
                return cells if cells is not None else tally.unsettled.get(source, {}).get(start_s)
            case ("window", str(name), int(start_s)):
                window = tally.windows.get((name, start_s))
                return window and StoredWindow(window.revision, window.offsets, window.cells)
            case ("total",):
                return StoredTotal(tally.total.start_s, tally.total.end_s, tally.total.cells)
            case _:
                return StoredClock(
                    VERSION,
                    self._layout_hash,
                    tally.n_partitions,
                    tally.closed_before_s,
                    tally.idle_since_s,
                    tuple((spec.name, spec.size_s, spec.since_s) for spec in tally.config.windows),
                )


def entries_by_model(entries: Mapping[bytes, bytes]) -> dict[str, dict[StateKey, list[bytes]]]:
    """Sort records of the state topic by model and entry, with the pieces of each in order.

    Records that are not the judge's (the engine keeps its own there) are left out.
    """
    models: dict[str, dict[StateKey, list[tuple[int, bytes]]]] = {}
    for key, data in entries.items():
        model, kind, *rest = [*key.decode().split("|"), ""]
        if kind in _SHAPES:
            *name, piece, _ = rest
            entry: StateKey = (kind, *(cast(part) for cast, part in zip(_SHAPES[kind], name, strict=True)))
            models.setdefault(model, {}).setdefault(entry, []).append((int(piece), data))
    return {
        model: {entry: [data for _, data in sorted(pieces)] for entry, pieces in held.items()}
        for model, held in models.items()
    }


def restore_tally(config: TallyConfig, layout_hash: str, held: Mapping[StateKey, list[bytes]]) -> Tally:
    """Put a tally together from its entries.

    A size of window that the policy has only now is watched from the next one on that starts after what is closed; one
    that the policy no longer has is forgotten.

    Raises:
        StateError: another version or another cell layout wrote the state.
    """
    if CLOCK not in held:
        raise StateError("The judge's state lacks its head", action=NEW_APP_ID)
    clock = _decode(held[CLOCK], StoredClock)
    if clock.version != VERSION:
        raise StateError(f"The judge's state has version {clock.version}, not {VERSION}", action=NEW_APP_ID)
    if clock.layout_hash != layout_hash:
        raise StateError("The judge's state was counted by another cell layout of the policy", action=NEW_APP_ID)
    tally = Tally(_with_since(config, clock), clock.n_partitions)
    tally.closed_before_s, tally.idle_since_s = clock.closed_before_s, clock.idle_since_s
    kept = {(spec.name, spec.size_s) for spec in config.windows}
    forgotten = {name for name, size_s, _ in clock.windows if (name, size_s) not in kept}
    for entry, pieces in held.items():
        if entry[0] == "window" and entry[1] in forgotten:
            tally.progress.changed.add(entry)
        else:
            _put(tally, entry, pieces)
    if tally.config != replace(tally.config, windows=_stored_windows(clock)):
        tally.progress.changed.add(CLOCK)
    return tally


def _stored_windows(clock: StoredClock) -> tuple[WindowSpec, ...]:
    return tuple(WindowSpec(*window) for window in clock.windows)


def _with_since(config: TallyConfig, clock: StoredClock) -> TallyConfig:
    stored = {(name, size_s): since_s for name, size_s, since_s in clock.windows}
    windows = (
        replace(spec, since_s=stored.get((spec.name, spec.size_s), clock.closed_before_s)) for spec in config.windows
    )
    return replace(config, windows=tuple(windows))


def _put(tally: Tally, entry: StateKey, pieces: list[bytes]) -> None:
    match entry:
        case ("mark", str(topic), int(partition)):
            mark = _decode(pieces, StoredMark)
            tally.marks[SourcePartition(topic, partition)] = SourceProgress(
                mark.next_offset, mark.closed_before_s, mark.max_event_s, mark.is_idle, mark.first_offset
            )
        case ("pane", str(topic), int(partition), int(start_s)):
            cells = _decode(pieces, Cells)
            if tally.closed_before_s is None or start_s >= tally.closed_before_s:
                tally.open_panes.setdefault(start_s, {})[SourcePartition(topic, partition)] = cells
            else:
                tally.unsettled.setdefault(SourcePartition(topic, partition), {})[start_s] = cells
        case ("window", str(name), int(start_s)):
            window = _decode(pieces, StoredWindow)
            tally.windows[name, start_s] = WindowCounts(window.cells, window.revision, window.offsets)
        case ("total",):
            total = _decode(pieces, StoredTotal)
            tally.total = RunningTotal(total.cells, total.start_s, total.end_s)


def _decode(pieces: list[bytes], kind: type[Value]) -> Value:
    try:
        return msgspec.msgpack.decode(b"".join(pieces), type=kind)
    except msgspec.MsgspecError:
        raise StateError("An entry of the judge's state cannot be read", action=NEW_APP_ID) from None
