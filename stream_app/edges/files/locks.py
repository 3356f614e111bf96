"""Locks on files, so that of the processes that share a folder only one writes at a time.

A lock belongs to the open file: it ends when the process ends, however it ends, and a process that inherits the file
keeps it. The file itself stays, so that two processes never lock two files of the same name.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stream_app.edges.files.writing import write_errors
from stream_app.errors import ConfigError, FairStreamError, WriteError

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_POLL_S = 0.002  # a process that writes all the time leaves gaps that are as short


@dataclass(frozen=True)
class Turn:
    """How long to wait for a lock, and what to say when another process has it for longer.

    Attributes:
        busy: What the other process does, for the error.
        wait_s: How long to wait.
        action: What to do then.
        error: Class of the error.
    """

    busy: str
    wait_s: float = 0.0
    action: str = "Stop it, or try again"
    error: type[FairStreamError] = ConfigError


@contextmanager
def file_lock(path: Path, turn: Turn) -> Iterator[None]:
    """Be the only one with the lock for the block.

    Args:
        path: The file; created with mode 0600 when missing.
        turn: How long to wait, and what to say then.

    Raises:
        FairStreamError: another process has the lock for longer; of the class that ``turn`` names.
        WriteError: the file cannot be created or locked.
    """
    descriptor = take_lock(path, turn)
    try:
        yield
    finally:
        os.close(descriptor)


def take_lock(path: Path, turn: Turn) -> int:
    """Return the open file of a lock; the lock lasts until it is closed here and in every process that inherited it.

    Raises:
        FairStreamError, WriteError: as ``file_lock``.
    """
    with write_errors(path):
        descriptor = os.open(path, _FLAGS, 0o600)
    try:
        lock_open_file(descriptor, path, turn)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def lock_open_file(descriptor: int, path: Path, turn: Turn) -> None:
    """Lock a file that is open already.

    Raises:
        FairStreamError, WriteError: as ``file_lock``. Another failure is never taken for another process.
    """
    ends_s = time.monotonic() + turn.wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # EWOULDBLOCK alone says that another has it
            if time.monotonic() >= ends_s:
                raise turn.error(turn.busy, action=turn.action) from None
            time.sleep(_POLL_S)
        except OSError as error:  # of a file system without locks, for example
            reason = error.strerror or type(error).__name__
            raise WriteError(f"Cannot lock {path}: {reason}", action="Use a disk that has locks on files") from None
        else:
            return
