"""A file of lines that several processes append to: locked, private, and each line on the disk before it counts."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stream_app.edges.files.locks import Turn, lock_open_file
from stream_app.edges.files.writing import write_errors
from stream_app.errors import ConfigError

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NOT_A_FILE = {errno.ELOOP, errno.EISDIR, errno.ENXIO}  # a link, a folder, a pipe that nobody reads


class LockedFile:
    """A file of lines with mode 0600.

    Args:
        path: Where it is; created when it is first locked.
        turn: How long to wait for it, and what to say then.
    """

    def __init__(self, path: Path, turn: Turn) -> None:
        self.path = path
        self._turn = turn

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Yield its descriptor while nobody else has it.

        Raises:
            ConfigError: the file is unsafe, or another process has it for too long.
            WriteError: it cannot be opened or locked.
        """
        descriptor = self._open()
        try:
            while not self._is_current(descriptor):  # another process has replaced it meanwhile
                os.close(descriptor)
                descriptor = self._open()
            yield descriptor
        finally:
            os.close(descriptor)

    def read_lines(self, descriptor: int) -> list[bytes]:
        """Return all lines; a last one without its end never counted and is removed."""
        content = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
        complete = content[: content.rfind(b"\n") + 1]
        if len(complete) < len(content):
            with write_errors(self.path):
                os.ftruncate(descriptor, len(complete))
        return complete.splitlines()

    def append(self, descriptor: int, line: bytes) -> None:
        """Append a line and wait until it is on the disk."""
        with write_errors(self.path):
            if os.write(descriptor, line) < len(line):  # the rest of a full disk
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)

    def _open(self) -> int:
        with write_errors(self.path):
            try:
                return os.open(self.path, _FLAGS, 0o600)
            except OSError as error:
                if error.errno in _NOT_A_FILE:
                    raise self._unsafe() from None
                raise

    def _is_current(self, descriptor: int) -> bool:
        """Lock the file; return whether it still has its name."""
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077 or status.st_uid != os.geteuid():
            raise self._unsafe()
        lock_open_file(descriptor, self.path, self._turn)
        try:
            return os.path.samestat(status, os.lstat(self.path))
        except FileNotFoundError:
            return False

    def _unsafe(self) -> ConfigError:
        return ConfigError(
            f"{self.path} is a link, not a file, or can be read by others", action=f"chmod 600 {self.path}"
        )
