"""A tally as entries of the judge's state, and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

import msgspec

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.source_progress import SourcePartition, SourceProgress
from stream_app.core.windows.tally import Tally
from stream_app.core.windows.tally_changes import CLOCK, TOTAL, StateKey
from stream_app.core.windows.tally_config import TallyConfig
from stream_app.core.windows.tumbling import RunningTotal, WindowCounts, WindowSpec
from stream_app.errors import StateError
from stream_app.pipeline.judge.state import NEW_APP_ID, POLICY, StoredEntries, StoredPolicy
from stream_app.pipeline.state_version import VersionedHead, check_state_version

VERSION = 4
_OLDEST_VERSION = 3  # of 0.2.0: an upgrade keeps its state
COUNTED = frozenset({"clock", "source", "pane", "window", "total", "period"})  # kinds of entries that are a tally
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


def read_entry(stored: StoredEntries, entry: StateKey, kind: type[Value]) -> Value:
    """Decode one entry of a state.

    Raises:
        StateError: it is missing, or cannot be read.
    """
    if entry not in stored:
        raise StateError(f"The judge's state is incomplete: entry {entry[0]!r} is missing", action=NEW_APP_ID)
    return _decode(stored[entry], kind)


def read_clock(stored: StoredEntries) -> StoredClock:
    """Return the head of a state.

    Raises:
        StateError: it is missing, cannot be read, or another version wrote it.
    """
    version = read_entry(stored, CLOCK, VersionedHead).version
    check_state_version(version, range(_OLDEST_VERSION, VERSION + 1), VERSION, "The judge's state")
    return read_entry(stored, CLOCK, StoredClock)


def read_policy(stored: StoredEntries) -> StoredPolicy:
    """Return the policies of a state; of version 0.2 they are not known.

    Raises:
        StateError: the entry cannot be read.
    """
    return read_entry(stored, POLICY, StoredPolicy) if POLICY in stored else StoredPolicy("")


def encode_entry(tally: Tally, layout_hash: str, entry: StateKey) -> bytes | None:
    """Encode the present value of one entry of a tally; None for one that was removed."""
    value = _value_of(tally, layout_hash, entry)
    return None if value is None else _encoder.encode(value)


def tally_entries(tally: Tally) -> Iterator[StateKey]:
    """Yield the name of every entry of a tally."""
    yield CLOCK
    for source in sorted(tally.progress):
        yield ("source", *source)
    for start_s, by_source in sorted(tally.open_panes.items()):
        yield from (("pane", *source, start_s) for source in sorted(by_source))
    for source, panes in sorted(tally.unsettled.items()):
        yield from (("pane", *source, start_s) for start_s in sorted(panes))
    yield from (("window", *key) for key in sorted(tally.windows))
    yield TOTAL
    if tally.periods is not None:
        yield from (("period", start_s) for start_s in sorted(tally.periods.untested))


def restore_tally(config: TallyConfig, layout_hash: str, stored: StoredEntries) -> Tally:
    """Put a tally together from its entries.

    A size of window that the policy has only now is counted from the next one on that starts after what is closed; one
    that the policy no longer has is forgotten. Under another comparison period the tests continue with the next one of
    which nothing was tested; what waited for its test before that is counted as not tested.

    Raises:
        StateError: another version or another cell layout wrote the state.
    """
    clock = read_clock(stored)
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
            return tally.progress[SourcePartition(topic, partition)]
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
            tally.progress[SourcePartition(topic, partition)] = _decode(pieces, SourceProgress)
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
