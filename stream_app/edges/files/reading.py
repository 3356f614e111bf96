"""Opens files to read: input that may be anything, and files of ours that nobody else could have read or changed.

Input may be a pipe of the shell, a named pipe that nobody writes to, or a device.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from stream_app.errors import ConfigError

_THE_FILE = "Put the file itself there"
_REASONS = {
    errno.ELOOP: ("it is a link", _THE_FILE),
    errno.EISDIR: ("it is a folder", _THE_FILE),
    errno.ENXIO: ("it is not a file", _THE_FILE),
    errno.EACCES: ("this user may not", "Run this as the user who owns it"),
}


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


def read_guarded(
    path: Path,
    *,
    is_secret: bool = True,
    in_guarded_folder: bool = True,
    max_bytes: int | None = None,
    error: type[ConfigError] = ConfigError,
    create: str = "Restore it from its backup",
) -> bytes:
    """Return the content of a file that nobody else may change or replace, nor read if it is secret.

    Args:
        path: The file.
        is_secret: Whether others may not read it either.
        in_guarded_folder: Whether others may not replace it; False for what is signed, and may be on a shared volume.
        max_bytes: Size of the largest file that is accepted; None for any.
        error: Class of the errors.
        create: What to do when there is no file.

    Raises:
        ConfigError: it is missing, a link, not a regular file, too large, of another user, or others can do what they
            may not; of class ``error``.
    """

    def open_itself(name: str, flags: int) -> int:
        # No link is followed, and a named pipe in its place does not block the start.
        return os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK)

    try:
        with open(path, "rb", opener=open_itself) as file:  # Path.open() takes no opener
            status = os.fstat(file.fileno())
            reject_unguarded(path, status, is_secret=is_secret, error=error)
            if in_guarded_folder:
                _reject_open_folder(path, error)
            if max_bytes is not None and status.st_size > max_bytes:
                raise error(f"{path} is larger than {max_bytes:,} bytes", action=create)
            return file.read() if max_bytes is None else file.read(max_bytes)
    except FileNotFoundError:
        raise error(f"{path} does not exist", action=create) from None
    except OSError as cause:
        said = cause.strerror or type(cause).__name__
        reason, action = _REASONS.get(cause.errno or 0, (said, "Check the disk"))
        raise error(f"Cannot read {path}: {reason}", action=action) from None


def reject_unguarded(
    path: Path, status: os.stat_result, *, is_secret: bool = True, error: type[ConfigError] = ConfigError
) -> None:
    """Raise an error for an open file that others can change, or read if it is secret.

    Args:
        path: Its path.
        status: Its status.
        is_secret: Whether others may not read it either.
        error: Class of the error.

    Raises:
        ConfigError: they can; of class ``error``.
    """
    if not stat.S_ISREG(status.st_mode):
        raise error(f"{path} is not a regular file", action=_THE_FILE)
    if status.st_uid != os.geteuid() and (is_secret or status.st_uid != 0):  # root can change every file
        raise error(f"{path} belongs to another user", action=f"chown it to user {os.geteuid()}")
    if is_secret and status.st_mode & 0o077:
        raise error(f"{path} can be read by others", action=f"chmod 600 {path}")
    if status.st_mode & 0o022:
        raise error(f"{path} can be changed by others", action=f"chmod 600 {path}")


def reject_shared_folder(folder: Path) -> None:
    """Raise an error for a state folder in which others can write: they could change what is known of former releases.

    What is missing, or not a folder, fails where it is opened. Folders above are not looked at: what others put in
    the place of the folder is theirs.

    Args:
        folder: The folder, or a link to it.

    Raises:
        ConfigError: it belongs to another user, or others can write in it.
    """
    try:
        link, status = folder.lstat(), folder.stat()
    except (OSError, ValueError):
        return
    if not stat.S_ISDIR(status.st_mode):
        return
    if not {link.st_uid, status.st_uid} <= {0, os.geteuid()}:
        action = f"chown it to user {os.geteuid()}, or choose another folder (--state-dir)"
        raise ConfigError(f"The state folder {folder} belongs to another user", action=action)
    if status.st_mode & 0o022:
        raise ConfigError(
            f"Others can write in the state folder {folder}", action=f"chmod 700 {folder}, if what is in it is yours"
        )


def _reject_open_folder(path: Path, error: type[ConfigError]) -> None:
    """Raise an error for a file that others can replace: they may write its folder, or rename that."""
    named = path.absolute().parent
    for folder in dict.fromkeys((named, named.resolve())):  # where a link is, and where it leads
        status, above = folder.stat(), folder.parent.stat()
        if status.st_uid not in (0, os.geteuid()) or _is_open(status, 0o022):
            raise error(f"{path} can be replaced by others", action=f"chmod 700 {folder}")
        if _is_open(above, stat.S_IWOTH):
            raise error(f"{path} can be replaced by others", action=f"chmod o-w {folder.parent}")


def _is_open(folder: os.stat_result, mode: int) -> bool:
    """Return whether others may rename what is in a folder; in a sticky one, as ``/tmp``, they may not."""
    return bool(folder.st_mode & mode) and not folder.st_mode & stat.S_ISVTX
