"""A tally as entries of the judge's state, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import msgspec

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.source_progress import SourcePartition, SourceProgress
from stream_app.core.windows.tally import Tally
from stream_app.core.windows.tally_changes import CLOCK, StateKey
from stream_app.core.windows.tally_config import TallyConfig
from stream_app.core.windows.tumbling import RunningTotal, WindowCounts, WindowSpec
from stream_app.errors import StateError
from stream_app.pipeline.judge.state import NEW_APP_ID, StoredEntries

VERSION = 4
_OLDEST_VERSION = 3  # of 0.2.0: an upgrade keeps its state
_encoder = msgspec.msgpack.Encoder()

Value = TypeVar("Value")


class StoredClock(msgspec.Struct, array_like=True, frozen=True):
    """How far a model has come, and by what its state can be read."""

    version: int
    layout_hash: str
    n_partitions: int
    closed_before_s: int | None
    idle_since_s: float | None  # of version 3; silence is not stored any more
    windows: tuple[tuple[str, int, int | None], ...]  # name, size, since
    tested_before_s: int | None = None
    period_s: int | None = None  # None in version 3, which tested each pane when it closed
    passed_over: tuple[tuple[str, int], ...] = ()  # source partitions that the tests do not wait for


class StoredSource(msgspec.Struct, array_like=True, frozen=True):
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


def encode_entry(tally: Tally, layout_hash: str, entry: StateKey) -> bytes | None:
    """Encode the present value of one entry of a tally; None for one that was removed."""
    value = _value_of(tally, layout_hash, entry)
    return None if value is None else _encoder.encode(value)


def restore_tally(config: TallyConfig, layout_hash: str, stored: StoredEntries) -> Tally:
    """Put a tally together from its entries.

    A size of window that the policy has only now is counted from the next one on that starts after what is closed; one
    that the policy no longer has is forgotten. Under another comparison period the tests continue with the next one of
    which nothing was tested; what waited for its test before that is counted as not tested.

    Raises:
        StateError: another version or another cell layout wrote the state.
    """
    if CLOCK not in stored:
        raise StateError("The judge's state is incomplete: entry 'clock' is missing", action=NEW_APP_ID)
    clock = _decode(stored[CLOCK], StoredClock)
    if not _OLDEST_VERSION <= clock.version <= VERSION:
        raise StateError(f"The judge's state has version {clock.version}, expected {VERSION}", action=NEW_APP_ID)
    if clock.layout_hash != layout_hash:
        raise StateError("The judge's state was counted under a different cell layout of the policy", action=NEW_APP_ID)
    tally = Tally(_with_since(config, clock), clock.n_partitions)
    tally.closed_before_s = clock.closed_before_s
    tally.silence.passed_over.update(SourcePartition(*source) for source in clock.passed_over)
    kept = {(spec.name, spec.size_s) for spec in config.windows}
    forgotten = {name for name, size_s, _ in clock.windows if (name, size_s) not in kept}
    for entry, pieces in stored.items():
        if entry[0] == "window" and entry[1] in forgotten:
            tally.changes.changed.add(entry)
        else:
            _put(tally, entry, pieces)
    if tally.config != replace(tally.config, windows=_stored_windows(clock)):
        tally.changes.changed.add(CLOCK)
    _continue_tests(tally, clock)
    return tally


def _value_of(tally: Tally, layout_hash: str, entry: StateKey) -> object | None:
    match entry:
        case ("source", str(topic), int(partition)):
            source = tally.progress[SourcePartition(topic, partition)]
            return StoredSource(
                source.next_offset, source.closed_before_s, source.max_event_s, source.is_idle, source.first_offset
            )
        case ("pane", str(topic), int(partition), int(start_s)):
            partition_key = SourcePartition(topic, partition)
            cells = tally.open_panes.get(start_s, {}).get(partition_key)
            return cells if cells is not None else tally.unsettled.get(partition_key, {}).get(start_s)
        case ("window", str(name), int(start_s)):
            window = tally.windows.get((name, start_s))
            return window and StoredWindow(window.revision, window.offsets, window.cells)
        case ("total",):
            return StoredTotal(tally.total.start_s, tally.total.end_s, tally.total.cells)
        case ("period", int(start_s)):
            return None if tally.periods is None else tally.periods.untested.get(start_s)
        case _:
            return StoredClock(
                VERSION,
                layout_hash,
                tally.n_partitions,
                tally.closed_before_s,
                None,
                tuple((spec.name, spec.size_s, spec.since_s) for spec in tally.config.windows),
                tally.tested_before_s,
                tally.config.period_s,
                tuple(sorted(tally.silence.passed_over)),
            )


def _put(tally: Tally, entry: StateKey, pieces: list[bytes]) -> None:
    match entry:
        case ("source", str(topic), int(partition)):
            source = _decode(pieces, StoredSource)
            tally.progress[SourcePartition(topic, partition)] = SourceProgress(
                source.next_offset, source.closed_before_s, source.max_event_s, source.is_idle, source.first_offset
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
        case ("period", int(start_s)) if tally.periods is not None:
            tally.periods.untested[start_s] = _decode(pieces, Cells)


def _continue_tests(tally: Tally, clock: StoredClock) -> None:
    """Continue testing where the stored state stopped, in the periods of the present policy."""
    periods = tally.periods
    if periods is None:
        return
    periods.tested_before_s = clock.tested_before_s if clock.period_s is not None else clock.closed_before_s
    if clock.period_s == periods.size_s:
        return
    changed = {CLOCK, *(("period", start_s) for start_s in periods.untested)}
    tally.changes.n_untested += periods.resize(clock.period_s or periods.size_s)
    tally.changes.changed |= changed | {("period", start_s) for start_s in periods.untested}


def _stored_windows(clock: StoredClock) -> tuple[WindowSpec, ...]:
    return tuple(WindowSpec(*window) for window in clock.windows)


def _with_since(config: TallyConfig, clock: StoredClock) -> TallyConfig:
    since_s = {(name, size_s): since_s for name, size_s, since_s in clock.windows}
    windows = (
        replace(spec, since_s=since_s.get((spec.name, spec.size_s), clock.closed_before_s)) for spec in config.windows
    )
    return replace(config, windows=tuple(windows))


def _decode(pieces: list[bytes], kind: type[Value]) -> Value:
    try:
        return msgspec.msgpack.decode(b"".join(pieces), type=kind)
    except msgspec.MsgspecError:
        raise StateError("An entry of the judge's state cannot be read", action=NEW_APP_ID) from None
