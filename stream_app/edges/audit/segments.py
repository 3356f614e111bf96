"""The files of an audit log: ``date=YYYY-MM-DD/seg-NNNNNN.jsonl``, readable by their owner alone."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from stream_app.errors import ConfigError

MAX_BYTES = 16 * 1024 * 1024  # then the next segment begins; a writer reads the newest one when it starts
_NAME = re.compile(r"date=(\d{4}-\d{2}-\d{2})/seg-(\d{6})\.jsonl")
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, order=True)
class Segment:
    """A file of the log.

    Attributes:
        number: Its number, from 0, over all dates.
        date: The day on which it began, in UTC.
    """

    number: int
    date: str

    @property
    def name(self) -> str:
        """Its path in the folder of the log."""
        return f"date={self.date}/seg-{self.number:06d}.jsonl"


@dataclass(frozen=True)
class SegmentText:
    """What is in a segment.

    Attributes:
        lines: Its complete lines, without their line feeds.
        torn: What is behind the last line feed: an entry that was being written when the process ended.
        n_bytes: Size of the complete lines.
    """

    lines: list[bytes]
    torn: bytes
    n_bytes: int


def list_segments(folder: Path) -> list[Segment]:
    """Return the segments of a log in their order; the numbers may have gaps, and nothing is opened."""
    names = (path.relative_to(folder).as_posix() for path in folder.glob("date=*/seg-*.jsonl"))
    found = (_NAME.fullmatch(name) for name in names)
    return sorted(Segment(int(match[2]), match[1]) for match in found if match)


def read_segment(folder: Path, segment: Segment) -> SegmentText:
    """Read a segment.

    Raises:
        ConfigError: it is not a file of this user alone, or cannot be read.
    """
    content = read_private(folder / segment.name)
    complete, _, torn = content.rpartition(b"\n")
    lines = complete.split(b"\n") if len(torn) < len(content) else []
    return SegmentText(lines, torn, len(content) - len(torn))


def read_private(path: Path) -> bytes:
    """Read a file that only its owner can access.

    Raises:
        ConfigError: it is a link or no regular file, belongs to another user, others can access it, or it cannot be
            read.
    """
    try:
        descriptor = os.open(path, _READ)
        try:
            reject_unsafe(path, os.fstat(descriptor))
            with os.fdopen(os.dup(descriptor), "rb") as file:
                return file.read()
        finally:
            os.close(descriptor)
    except OSError as error:
        raise ConfigError(
            f"Cannot read {path} of the audit log ({error.strerror or type(error).__name__})",
            action="Run this as the user of the log",
        ) from None


def reject_unsafe(path: Path, status: os.stat_result) -> None:
    """Raise an error for a file that is not one of this user alone.

    Raises:
        ConfigError: it is not.
    """
    is_ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
    if not is_ours or status.st_mode & 0o077:
        raise ConfigError(
            f"{path} of the audit log must be a regular file that only its owner can access",
            action=f"chown it to user {os.geteuid()} and chmod 600 it",
        )


def has_gap(segments: list[Segment]) -> bool:
    """Return whether a number before that of the newest segment is missing, or two segments have the same."""
    return [segment.number for segment in segments] != list(range(len(segments)))
