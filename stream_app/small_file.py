"""Reads a file that a person wrote, such as a policy, without trusting that it is one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from stream_app.errors import ConfigError

MAX_BYTES = 4 * 1024 * 1024  # the longest policy that is allowed has some hundred kilobytes


def read_small_file(path: Path) -> str:
    """Return the text of a regular file of at most ``MAX_BYTES``.

    A named pipe does not block, and a device or a huge file does not take memory.

    Raises:
        ConfigError: it is not a regular file, or is larger.
        OSError: it cannot be read.
        UnicodeDecodeError: it is not UTF-8.
    """

    def open_at_once(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NONBLOCK)

    with open(path, "rb", opener=open_at_once) as file:  # Path.open() takes no opener
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ConfigError(f"{path} is not a regular file", action="Save its content to a file first")
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{path} is larger than {MAX_BYTES:,} bytes", action="Is it the right file?")
    return content.decode("utf-8")
