"""Reads a file of JSON lines as the batch that a lane would get if its lines arrived now."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np

from stream_app.errors import ConfigError
from stream_app.pipeline.contract import Batch


def read_json_lines(path: Path, n: int, *, now_s: float) -> Batch:
    """Read the first ``n`` lines of a file; empty lines are left out.

    Args:
        path: The file, one record per line.
        n: Maximum number of lines.
        now_s: Time at which the broker would have received them.

    Raises:
        ConfigError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            lines: list[bytes | None] = [line for line in (raw.strip() for raw in islice(file, n)) if line]
    except (OSError, ValueError) as error:
        raise ConfigError(f"Cannot read the sample {str(path)!r}: {type(error).__name__}") from None
    offsets = np.arange(len(lines), dtype=np.int64)
    return Batch(path.name, 0, 0, len(lines), offsets, lines, np.full(len(lines), int(now_s * 1000), np.int64))
