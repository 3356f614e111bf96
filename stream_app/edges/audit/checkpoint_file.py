"""``checkpoints.jsonl``: the signed checkpoints of a log, oldest first, each as one line with a JSON text.

The same form serves in the folder of the log and in a second place, where it is an anchor: a log that has been cut is
shorter than its checkpoints there.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from stream_app.core.audit.checkpoints import SignedCheckpoint, read_checkpoint
from stream_app.core.audit.entries import UNREADABLE
from stream_app.core.audit.notes import NoteError
from stream_app.edges.files.durability import sync_folder
from stream_app.edges.files.reading import read_guarded, reject_unguarded
from stream_app.edges.files.writing import make_folder, write_errors
from stream_app.errors import DamagedLogError

FILE_NAME = "checkpoints.jsonl"
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class CheckpointFile:
    """A file of checkpoints.

    Args:
        path: Its path.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, signed: SignedCheckpoint) -> None:
        """Append a checkpoint and wait until it is on the disk; half a line that a full disk left is ended first.

        Raises:
            WriteError: it cannot be written.
            ConfigError: others can access the file.
        """
        make_folder(self.path.parent)
        with write_errors(self.path):
            is_new = not self.path.exists()
            descriptor = os.open(self.path, _FLAGS, 0o600)
            try:
                reject_unguarded(self.path, os.fstat(descriptor))
                size = _without_torn_line(descriptor)
                write_all(descriptor, msgspec.json.encode(signed.note.encode().decode()) + b"\n", size)
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
            if is_new:
                sync_folder(self.path.parent)

    def read(self) -> list[SignedCheckpoint]:
        """Return the checkpoints, oldest first; their signatures are not verified. Without a file there are none.

        Raises:
            DamagedLogError: a complete line is not a checkpoint.
            ConfigError: the file cannot be read.
        """
        if not os.path.lexists(self.path):
            return []
        lines = read_guarded(self.path, in_guarded_folder=False).split(b"\n")[:-1]
        return [read_checkpoint_line(self.path, line, number) for number, line in enumerate(lines, start=1)]

    def newest(self) -> SignedCheckpoint | None:
        """Return the newest checkpoint; None without one.

        Raises:
            DamagedLogError: the last complete line is not a checkpoint.
            ConfigError: the file cannot be read.
        """
        if not os.path.lexists(self.path):
            return None
        lines = read_guarded(self.path, in_guarded_folder=False).split(b"\n")[:-1]
        return read_checkpoint_line(self.path, lines[-1], len(lines)) if lines else None


def write_all(descriptor: int, data: bytes, size: int) -> None:
    """Append data to an open file, or leave the file as it was.

    Args:
        descriptor: The file.
        data: What is appended.
        size: Its size before.

    Raises:
        OSError: it cannot be written.
    """
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except BaseException:
        os.ftruncate(descriptor, size)
        raise


def _without_torn_line(descriptor: int) -> int:
    size = os.fstat(descriptor).st_size
    if size == 0 or os.pread(descriptor, 1, size - 1) == b"\n":
        return size
    complete = os.pread(descriptor, size, 0).rfind(b"\n") + 1
    os.ftruncate(descriptor, complete)
    return complete


def read_checkpoint_line(path: Path, line: bytes, number: int) -> SignedCheckpoint:
    """Read a line of a file of checkpoints; its signatures are not verified.

    Raises:
        DamagedLogError: it is not a checkpoint.
    """
    try:
        signed = read_checkpoint(msgspec.json.decode(line, type=str).encode())
    except UNREADABLE:
        raise _damaged(path, number, "not a JSON text") from None
    except NoteError as error:
        raise _damaged(path, number, str(error)) from None
    if msgspec.json.encode(signed.note.encode().decode()) != line:
        raise _damaged(path, number, "the line was changed")
    return signed


def _damaged(path: Path, number: int, reason: str) -> DamagedLogError:
    return DamagedLogError(f"{path}:{number} is not a checkpoint ({reason})", action="Restore the file from its backup")
