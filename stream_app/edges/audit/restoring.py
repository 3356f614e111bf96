"""What a writer knows of its log when it starts: read from the newest segment, which is verified on the way."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from stream_app.core.audit.chain import Chain, Fault, chain_at
from stream_app.core.audit.checkpoints import Checkpoint
from stream_app.core.audit.entries import POSITIONS, read_entry
from stream_app.edges.audit.segments import Segment, SegmentText, has_gap, list_segments, read_segment
from stream_app.edges.files.durability import sync_folder
from stream_app.edges.files.writing import write_errors, write_new_file
from stream_app.errors import CutLogError, DamagedLogError

_SOURCE = b'"source":{"log":'
_POSITIONS = b'"type":"positions"'


@dataclass(frozen=True)
class TornBytes:
    """What was left of entries that were never acknowledged.

    Attributes:
        content: The bytes.
        file: Name of the file that has them now.
    """

    content: bytes
    file: str


@dataclass
class LogState:
    """Where a log ends.

    Attributes:
        chain: The tree, and the hash of the last entry.
        segment: The newest segment; None in an empty log.
        n_bytes: Size of its complete lines.
        torn: What is behind them.
        positions: By source log the highest offset about which there is an entry.
    """

    chain: Chain = field(default_factory=Chain)
    segment: Segment | None = None
    n_bytes: int = 0
    torn: bytes = b""
    positions: dict[str, int] = field(default_factory=dict)


def restore(folder: Path, newest: Checkpoint | None) -> LogState:
    """Read where a log ends.

    Args:
        folder: The log; its newest segment has an entry (``set_aside_unopened``).
        newest: Its newest checkpoint; the log must contain what this says.

    Raises:
        DamagedLogError: the newest segment is not what was written, or a segment is missing.
        CutLogError: the log is shorter than its newest checkpoint.
        ConfigError: a file cannot be read.
    """
    segments = list_segments(folder)
    if has_gap(segments):
        raise _damaged("a segment is missing")
    state = _state_of(segments[-1], read_segment(folder, segments[-1]), newest) if segments else LogState()
    if newest is not None and newest.size > state.chain.tree.size:
        raise CutLogError(
            f"The audit log has {state.chain.tree.size} entries, and its newest checkpoint has {newest.size}",
            action="Nothing is appended to it; see: fairstream audit verify",
        )
    return state


def set_aside_unopened(folder: Path, moment: str) -> TornBytes | None:
    """Rename the newest segment if a crash came before its first entry was complete.

    Args:
        folder: The log.
        moment: The current time, for the new name.

    Returns:
        What was in it; None if there is no such segment.

    Raises:
        ConfigError: a file cannot be read.
        WriteError: it cannot be renamed.
    """
    segments = list_segments(folder)
    text = read_segment(folder, segments[-1]) if segments else None
    if text is None or text.lines:
        return None
    path = folder / segments[-1].name
    with write_errors(path):
        path.rename(path.with_name(f"{path.name}.torn-{moment}"))
        sync_folder(path.parent)
    return TornBytes(text.torn, f"{path.name}.torn-{moment}")


def set_aside_torn(folder: Path, state: LogState, moment: str) -> TornBytes:
    """Move what a crash left of an entry behind the newest segment into a file of its own.

    Raises:
        WriteError: it cannot be written.
    """
    assert state.segment is not None  # it has the torn entry
    path = folder / state.segment.name
    torn = TornBytes(state.torn, f"{path.name}.torn-{moment}")
    write_new_file(path.with_name(torn.file), state.torn)
    with write_errors(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.ftruncate(descriptor, state.n_bytes)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    state.torn = b""
    return torn


def _state_of(segment: Segment, text: SegmentText, newest: Checkpoint | None) -> LogState:
    chain = chain_at(text.lines[0])
    if chain is None:
        raise _damaged(f"{segment.name} does not begin as a segment does")
    start = chain.tree.size
    at_checkpoint = newest.size - start if newest is not None else -1
    parts = [text.lines[:at_checkpoint], text.lines[at_checkpoint:]] if at_checkpoint > 0 else [text.lines]
    if newest is not None and newest.size == start and chain.tree.root() != newest.root:
        raise _damaged("it is not the log of its newest checkpoint")
    for part in parts:
        fault = chain.extend(part)
        if isinstance(fault, Fault):
            raise _damaged(f"entry {fault.seq}: {fault.reason}")
        if newest is not None and chain.tree.size == newest.size and chain.tree.root() != newest.root:
            raise _damaged("it is not the log of its newest checkpoint")
    return LogState(chain, segment, text.n_bytes, text.torn, _positions(text.lines))


def _positions(lines: list[bytes]) -> dict[str, int]:
    """Return the highest offset of each source log."""
    positions: dict[str, int] = {}
    for line in lines:
        if _SOURCE in line or _POSITIONS in line:
            entry = read_entry(line)
            if entry.type == POSITIONS:
                positions |= entry.data
            elif entry.source is not None:
                positions[entry.source.log] = entry.source.offset
    return positions


def _damaged(reason: str) -> DamagedLogError:
    return DamagedLogError(
        f"The audit log is damaged ({reason})", action="Nothing is appended to it; see: fairstream audit verify"
    )
