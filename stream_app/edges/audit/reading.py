"""Reads the entries of a log for people and for proofs; what is read is not verified here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stream_app.core.audit.chain import read_opening
from stream_app.core.audit.entries import UNREADABLE, Entry, read_entry
from stream_app.core.audit.merkle import leaf_hash
from stream_app.edges.audit.checkpoint_file import FILE_NAME as CHECKPOINTS
from stream_app.edges.audit.segments import Segment, list_segments, read_segment
from stream_app.errors import ConfigError, DamagedLogError

VERIFIER_FILE = "verifier-key"  # in the folder of a log from its creation on


def existing_segments(folder: Path) -> list[Segment]:
    """Return the segments of a log with entries.

    Raises:
        ConfigError: there is no log, or it has no entry yet.
        DamagedLogError: it has checkpoints of entries that are gone.
    """
    segments = list_segments(folder)
    if segments:
        return segments
    if (folder / CHECKPOINTS).exists():
        raise DamagedLogError(
            f"The audit log in {folder} has checkpoints, but its entries are gone", action="Restore it from a backup"
        )
    if (folder / VERIFIER_FILE).exists():
        raise ConfigError(
            f"The audit log in {folder} has no entry yet", action="Commands that must be accounted for append the first"
        )
    raise ConfigError(f"There is no audit log in {folder}", action="Create one with: fairstream audit init")


def has_entries(folder: Path) -> bool:
    """Return whether a log has entries, or had some: a new one has none."""
    return bool(list_segments(folder)) or (folder / CHECKPOINTS).exists()


def read_entries(folder: Path, *, from_date: str = "", to_date: str = "9999-12-31") -> Iterator[tuple[bytes, Entry]]:
    """Yield line and content of each entry, oldest first.

    Args:
        folder: The log.
        from_date: First day, ``YYYY-MM-DD``; a segment that began before may reach into it.
        to_date: Last day.

    Raises:
        DamagedLogError: a line is not an entry.
        ConfigError: there is no log, or it cannot be read.
    """
    segments = existing_segments(folder)
    first = max((place for place, segment in enumerate(segments) if segment.date < from_date), default=0)
    for segment in segments[first:]:
        if segment.date > to_date:
            return
        for number, line in enumerate(read_segment(folder, segment).lines, start=1):
            yield line, _entry(line, segment, number)


def read_line(folder: Path, seq: int) -> bytes:
    """Return the line of an entry.

    Raises:
        ConfigError: the log has no such entry, or cannot be read.
    """
    for segment in reversed(existing_segments(folder)):
        lines = read_segment(folder, segment).lines
        opening = read_opening(lines[0]) if lines else None
        if opening is not None and opening.seq <= seq < opening.seq + len(lines):
            return lines[seq - opening.seq]
    raise ConfigError(f"The audit log has no entry {seq}", action="List them with: fairstream audit query")


def find_leaf(folder: Path, leaf: bytes) -> int | None:
    """Return the number of the entry with a leaf hash; None if the log has none.

    Raises:
        DamagedLogError: a line is not an entry.
        ConfigError: there is no log, or it cannot be read.
    """
    for segment in reversed(existing_segments(folder)):
        for number, line in enumerate(read_segment(folder, segment).lines, start=1):
            if leaf_hash(line) == leaf:
                return _entry(line, segment, number).seq
    return None


def _entry(line: bytes, segment: Segment, number: int) -> Entry:
    try:
        return read_entry(line)
    except UNREADABLE:
        raise DamagedLogError(
            f"{segment.name}:{number} is not an entry", action="See: fairstream audit verify"
        ) from None
