"""The files of an audit log: ``date=YYYY-MM-DD/seg-NNNNNN.jsonl``, readable by their owner alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from stream_app.edges.files.reading import read_guarded

MAX_BYTES = 16 * 1024 * 1024  # then the next segment begins; a writer reads the newest one when it starts
_NAME = re.compile(r"date=(\d{4}-\d{2}-\d{2})/seg-(\d{6})\.jsonl")


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
    content = read_guarded(folder / segment.name, in_guarded_folder=False)
    complete, _, torn = content.rpartition(b"\n")
    lines = complete.split(b"\n") if len(torn) < len(content) else []
    return SegmentText(lines, torn, len(content) - len(torn))


def has_gap(segments: list[Segment]) -> bool:
    """Return whether a number before that of the newest segment is missing, or two segments have the same."""
    return [segment.number for segment in segments] != list(range(len(segments)))
