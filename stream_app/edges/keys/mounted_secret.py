"""Reads a secret that a container platform mounts as a folder of files, as Kubernetes and Docker do.

There a file belongs to root, is often a link into the same folder, and its group may read it. All this is accepted; a
file that anybody may read, or that others than root and this user could replace, is not.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from stream_app.errors import KeyFileError

_MAX_BYTES = 1_048_576
_ACCESSIBLE = 0o037  # by others, or changeable by the group


def read_mounted_secret(path: Path) -> bytes:
    """Return the content of a file of a mounted secret.

    Raises:
        KeyFileError: it is missing, leads out of its folder, is not a regular file, or others may read or replace it.
    """
    try:
        folder, target = path.parent.resolve(strict=True), path.resolve(strict=True)
        if not target.is_relative_to(folder):
            raise KeyFileError(f"{path} leads out of its folder", action="Mount the secret itself there")
        _reject_open_folder(folder)
        descriptor = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            _reject_open_file(path, os.fstat(file.fileno()))
            return file.read(_MAX_BYTES)
    except FileNotFoundError:
        raise KeyFileError(f"Key file {path} does not exist", action="Mount the secret there") from None
    except (OSError, RuntimeError) as error:  # a loop of links is a RuntimeError
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise KeyFileError(f"Cannot read {path}: {reason}", action="Give this user access") from None


def _reject_open_folder(folder: Path) -> None:
    status = folder.stat()
    is_shared = bool(status.st_mode & 0o022) and not status.st_mode & stat.S_ISVTX
    if is_shared or status.st_uid not in (0, os.geteuid()):
        raise KeyFileError(f"Files in {folder} can be replaced by others", action=f"chmod 755 {folder}")


def _reject_open_file(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyFileError(f"{path} is not a regular file")
    if status.st_uid not in (0, os.geteuid()):
        raise KeyFileError(f"{path} belongs to another user", action=f"chown it to root or user {os.geteuid()}")
    if status.st_mode & _ACCESSIBLE:
        raise KeyFileError(f"{path} can be read or changed by others", action="Mount it with mode 0400 or 0440")
