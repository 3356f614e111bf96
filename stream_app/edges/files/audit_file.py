"""``STATE_DIR/audit.jsonl``: one line for each entry, appended and never rewritten, on the disk before it counts.

The owner of the file can still change it, so the same entries go to a topic that only the broker's administrators can
change.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import socket
import stat
from pathlib import Path

from stream_app.edges.files.durability import sync_folder
from stream_app.edges.files.writing import make_folder
from stream_app.errors import ConfigError, WriteError
from stream_app.pipeline.records.audit import Exporter

FILE_NAME = "audit.jsonl"
_NOT_A_FILE = {errno.ELOOP, errno.EISDIR, errno.ENXIO}  # a link, a folder, a pipe that nobody reads
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class AuditFile:
    """The audit log of a state folder.

    Args:
        state_dir: The folder; created with mode 0700 when missing.
    """

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / FILE_NAME

    def append(self, line: bytes) -> None:
        """Append one entry and wait until it is on the disk.

        Raises:
            ConfigError: others can access the file.
            WriteError: it cannot be written.
        """
        try:
            make_folder(self.path.parent)
            descriptor = os.open(self.path, _FLAGS, 0o600)
            try:
                self._reject_unsafe(os.fstat(descriptor))
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                _write(descriptor, line)
            finally:
                os.close(descriptor)
            sync_folder(self.path.parent)
        except OSError as error:
            if error.errno in _NOT_A_FILE:
                raise self._unsafe() from None
            raise self._unwritten(error.strerror or type(error).__name__) from None
        except WriteError as error:
            raise self._unwritten(error.message) from None

    def _reject_unsafe(self, status: os.stat_result) -> None:
        is_ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
        if not is_ours or status.st_mode & 0o077:
            raise self._unsafe()

    def _unwritten(self, reason: str) -> WriteError:
        return WriteError(
            f"Cannot write the audit log {self.path} ({reason})", action="Nothing is exported without an audit entry"
        )

    def _unsafe(self) -> ConfigError:
        return ConfigError(
            f"The audit log {self.path} must be a regular file that only its owner can access",
            action=f"chown it to user {os.geteuid()} and chmod 600 it; nothing is exported without an audit entry",
        )


def exporter() -> Exporter:
    """Return the user who runs this process; variables such as USER are not read, as they can say anything."""
    uid = os.getuid()
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:  # a container whose user has no name
        user = str(uid)
    return Exporter(user=user, uid=uid, host=socket.gethostname())


def _write(descriptor: int, line: bytes) -> None:
    """Write a complete line; a torn line that a full disk left behind is ended first."""
    size = os.fstat(descriptor).st_size
    is_torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
    data = b"\n" * is_torn + line + b"\n"
    if os.write(descriptor, data) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(descriptor)
