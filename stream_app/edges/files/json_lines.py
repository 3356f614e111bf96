"""Reads a file of JSON lines as the batch that a lane would get if its lines arrived now."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

from stream_app.edges.files.reading import open_input
from stream_app.errors import ConfigError
from stream_app.pipeline.contract import Batch
from stream_app.small_file import cannot_read

MAX_LINE = 16_777_216  # bytes; the largest record that a policy can allow


def read_json_lines(path: Path, n: int, *, now_s: float) -> Batch:
    """Read the first ``n`` lines of a file; empty lines are left out.

    Args:
        path: The file, one record per line.
        n: Maximum number of lines.
        now_s: Time at which the broker would have received them.

    Raises:
        ConfigError: the file cannot be read, or has a line that is too long; it contains no JSON object.
    """
    try:
        with open_input(path) as file:
            lines: list[bytes | None] = [line for line in (raw.strip() for raw in islice(_lines(file), n)) if line]
    except (OSError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        raise cannot_read(f"the sample {str(path)!r}", error) from None
    if lines and not any(b"{" in line for line in lines if line):
        raise ConfigError(
            f"The sample {str(path)!r} has no JSON object in its lines",
            action="Of a CSV file, take the output of: fairstream produce csv FILE --dry-run",
        )
    offsets = np.arange(len(lines), dtype=np.int64)
    return Batch(path.name, 0, 0, len(lines), offsets, lines, np.full(len(lines), int(now_s * 1000), np.int64))


def _lines(file: BinaryIO) -> Iterator[bytes]:
    for number in itertools.count(1):
        line = file.readline(MAX_LINE)
        if not line:
            return
        if len(line) == MAX_LINE:
            raise ConfigError(f"Line {number} of the sample is longer than {MAX_LINE:,} bytes")
        yield line
