"""Reads a file that a person wrote, such as a policy, without trusting that it is one; says why it cannot be read."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from stream_app.errors import ConfigError

MAX_BYTES = 4 * 1024 * 1024  # the longest policy that is allowed has some hundred kilobytes

_CHECK_NAME = "Check its name"
_ACTIONS = {
    errno.ENOENT: _CHECK_NAME,
    errno.ENAMETOOLONG: _CHECK_NAME,
    errno.ENOTDIR: "A part of the path is a file; check the path",
    errno.EISDIR: "Give the name of a file in it",
    errno.EACCES: "Run this as a user who may read it",
    errno.EPERM: "Run this as a user who may read it",
    errno.ELOOP: "A link in the path leads back to itself; give the file itself",
    errno.ENXIO: "Save its content to a file first",
}


def cannot_read(place: str, error: Exception) -> ConfigError:
    """Return the error for a file that cannot be read, with what to do about its cause.

    Args:
        place: What was read, with its path.
        error: Why it cannot be: of the system, or a ``ValueError`` for a path with a NUL.

    >>> print(cannot_read("'counts.csv'", FileNotFoundError(errno.ENOENT, "No such file or directory")))
    Cannot read 'counts.csv': No such file or directory. Check its name
    """
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        return ConfigError(f"Cannot read {place}: {reason}", action=_ACTIONS.get(error.errno or 0, "Check the disk"))
    return ConfigError(f"Cannot read {place}: not a valid path or content", action=_CHECK_NAME)


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
