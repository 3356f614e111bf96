"""Writes files so that a full disk leaves nothing half-written, and says in one line what could not be written.

A file is written under another name in its folder, waits until it is on the disk, and then gets its name in one step.
Devices and pipes, such as ``/dev/stdout``, are written directly. No other link is followed to what is written.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from stream_app.edges.files.durability import sync_file, sync_folder
from stream_app.errors import ConfigError, FairStreamError, WriteError

_PRIVATE = 0o600
_PUBLIC = 0o666  # less what the umask takes away
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FREE_SPACE = "Free some space, or write to another disk"
_OWN_FOLDER = "Choose a folder that you may write to"
_ACTIONS = {
    errno.ENOSPC: _FREE_SPACE,
    errno.EDQUOT: _FREE_SPACE,
    errno.EFBIG: "Raise the limit of file sizes (ulimit -f), or write less",
    errno.EACCES: _OWN_FOLDER,
    errno.EPERM: _OWN_FOLDER,
    errno.EROFS: _OWN_FOLDER,
    errno.ENOENT: "Create the folder first",
    errno.ENOTDIR: "A part of the path is a file, or a link to nothing; choose another path",
    errno.EISDIR: "Give the name of a file in it",
    errno.ENAMETOOLONG: "Choose a shorter name",
    errno.ELOOP: "A link in the path leads back to itself; choose another path",
    errno.ENXIO: "Start the program that reads the pipe first, or name a file",
    errno.EIO: "Check the disk, or write to another one",
}
_STREAMS = {Path("/dev"), Path("/dev/fd"), Path("/proc/self/fd")}  # links there lead to streams of this process
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}  # of a file system without hard links


def cannot_write(place: Path | str, error: OSError) -> WriteError:
    """Return the error for a place that cannot be written, with what to do about its cause."""
    reason = error.strerror or type(error).__name__
    return WriteError(
        f"Cannot write {place}: {reason}", action=_ACTIONS.get(error.errno or 0, "Choose another place to write to")
    )


@contextmanager
def write_errors(place: Path | str) -> Iterator[None]:
    """Turn an error of the operating system in the block into a ``WriteError`` that names the place.

    Raises:
        WriteError: something in the block cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise cannot_write(place, error) from None
    except ValueError as error:  # a NUL in a path
        if isinstance(error, FairStreamError):
            raise
        raise WriteError(f"Cannot write {str(place)!r}: not a valid path", action="Choose another name") from None


def make_folder(path: Path, *, is_private: bool = True) -> Path:
    """Create a folder, and those above it, unless it exists; private ones are for their owner only.

    Raises:
        WriteError: it cannot be created, or a file is in its place.
    """
    with write_errors(path):
        for folder in [*reversed(path.parents), path]:
            if folder.is_dir():
                continue
            try:
                folder.mkdir(mode=0o700 if is_private else 0o777, exist_ok=True)
            except FileExistsError:
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
    return path


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Create a folder for its owner only, where nothing exists; it is removed with its files when the block fails.

    Raises:
        ConfigError: something exists there.
        WriteError: it cannot be created.
    """
    make_folder(path.parent)
    with write_errors(path):
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            raise _exists(path) from None
    try:
        yield path
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise


def write_file(path: Path, content: bytes | str, *, is_private: bool = False) -> Path:
    """Write a complete file, or leave what was there.

    Args:
        path: Its path; an existing file is replaced and keeps its mode. A link is rejected, as somebody else may have
            put it there; only those of ``/dev`` to the streams of this process are followed.
        content: Its content; text is written as UTF-8.
        is_private: Whether a new file gets mode 0600.

    Raises:
        WriteError: it cannot be written.
    """
    with write_errors(path):
        is_stream = path.parent in _STREAMS
        if not is_stream:
            reject_link(path)
        mode = path.stat().st_mode if path.exists() else None
        if mode is not None and (is_stream or not stat.S_ISREG(mode)):
            _write_directly(path, content)
            return path
        if mode is not None and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        with _part_of(path, _PRIVATE if is_private else _PUBLIC) as (part, file):
            if mode is not None:
                os.fchmod(file.fileno(), stat.S_IMODE(mode))
            file.write(_bytes_of(content))
            sync_file(file)
            part.replace(path)
        _sync_names(path.parent)
    return path


def write_new_file(path: Path, content: bytes | str, *, is_private: bool = True) -> Path:
    """Write a complete file where nothing exists, not even a link to nothing.

    Raises:
        ConfigError: something exists there.
        WriteError: it cannot be written.
    """
    with write_errors(path):
        reject_existing(path)
        with _part_of(path, _PRIVATE if is_private else _PUBLIC) as (part, file):
            file.write(_bytes_of(content))
            sync_file(file)
            _name_once(part, path)
        _sync_names(path.parent)
    return path


def reject_existing(path: Path) -> None:
    """Raise an error when anything exists at a path, including a link to nothing.

    Raises:
        ConfigError: something exists there.
        WriteError: the path cannot exist, for example because its name is too long.
    """
    with write_errors(path):
        if os.path.lexists(path):
            raise _exists(path)


def reject_link(path: Path) -> None:
    """Raise an error when a path is a link: somebody else may have put it there, to have us write where only we can.

    Raises:
        WriteError: it is one, or cannot exist.
    """
    with write_errors(path):
        if path.is_symlink():
            raise WriteError(f"Cannot write {path}: it is a link", action="Name what it leads to, or another path")


@contextmanager
def _part_of(path: Path, mode: int) -> Iterator[tuple[Path, IO[bytes]]]:
    """Open a file next to another; it is removed after the block unless it was renamed."""
    part = path.parent / f".{secrets.token_hex(8)}.part"  # does not grow with the name, which may be as long as allowed
    with write_errors(path):
        descriptor = os.open(part, _CREATE, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield part, file
    finally:
        with suppress(OSError):
            part.unlink()


def _name_once(part: Path, path: Path) -> None:
    """Give a part its name unless something has that name: a link in one step, where the file system has links."""
    try:
        os.link(part, path, follow_symlinks=False)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        reject_existing(path)
        part.replace(path)


def _write_directly(path: Path, content: bytes | str) -> None:
    """Write to a device, or to a pipe that a program reads; one that nobody reads would block without end."""
    descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    os.set_blocking(descriptor, True)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        rest = memoryview(_bytes_of(content))
        while rest:
            rest = rest[file.write(rest) :]


def _sync_names(folder: Path) -> None:
    with suppress(PermissionError):  # a folder that may be written but not read
        sync_folder(folder)


def _bytes_of(content: bytes | str) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _exists(path: Path) -> ConfigError:
    return ConfigError(f"{path} exists already", action="Choose another name")
