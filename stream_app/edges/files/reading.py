"""Opens a file of input that may be anything: a pipe of the shell, a named pipe that nobody writes to, a device."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_input(path: Path) -> BinaryIO:
    """Open a file for reading; read it in pieces of a limited size, as a device has no end.

    A pipe of the shell, ``<(zcat file)``, is read to its end. A named pipe that no program writes to is empty, where an
    ordinary ``open`` would wait until one does.

    Raises:
        OSError: it cannot be opened, or is a folder.
        ValueError: the path contains a NUL.
    """

    def open_at_once(name: str, flags: int) -> int:
        descriptor = os.open(name, flags | os.O_NONBLOCK)
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            os.set_blocking(descriptor, True)
        return descriptor

    return open(path, "rb", opener=open_at_once)  # Path.open() takes no opener
