"""Waits until what was written is on the disk, so that a crash of the machine cannot take it back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO


def sync_file(file: IO[bytes]) -> None:
    """Wait until everything written to an open file is on the disk."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk: a file that was created or renamed there keeps its name."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
