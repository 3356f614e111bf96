"""The standard streams of a command that may meet a full disk, a closed pipe or a closed terminal.

What cannot be written to standard output is an error with a name, not a traceback; a reader that has seen enough, as
``| head``, ends the command quietly. Notes that cannot be written to standard error are lost: nobody reads them.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, cast

from stream_app.edges.files.writing import cannot_write

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

READER_GONE = 141  # what a shell reports for a program that SIGPIPE ended
_STDIN, _STDOUT, _STDERR = 0, 1, 2


class ReaderGone(SystemExit):
    """The reader of standard output has ended, so nothing more needs to be written."""


class _Output(io.FileIO):
    """Standard output; after the first failure it takes everything and writes nothing."""

    _has_failed = False

    def write(self, data: ReadableBuffer, /) -> int:
        if self._has_failed:
            return memoryview(data).nbytes
        try:
            return super().write(data)
        except OSError as error:
            self._has_failed = True
            if error.errno == errno.EPIPE:
                raise ReaderGone(READER_GONE) from None
            raise cannot_write("standard output", error) from None


class _Notes(io.FileIO):
    """Standard error; what cannot be written is dropped."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def guard_standard_streams() -> None:
    """Replace ``sys.stdout`` and ``sys.stderr`` by streams whose failures end the command cleanly.

    A stream that was closed by the caller (``>&-``) is replaced too: standard output by one that cannot be written,
    standard error by the null device, and standard input is empty. A stream that is not the process's own stays as it
    is.
    """
    if sys.stdin is None:  # closed by the caller (``<&-``)
        _occupy(_STDIN, os.O_RDONLY)
        sys.stdin = open(_STDIN, encoding="utf-8", closefd=False)  # noqa: SIM115  # for as long as the process runs
    if sys.stdout is sys.__stdout__:
        _occupy(_STDOUT, os.O_RDONLY)
        sys.stdout = _text(_Output(_STDOUT, "w", closefd=False), sys.__stdout__)
    if sys.stderr is sys.__stderr__:
        _occupy(_STDERR, os.O_WRONLY)
        sys.stderr = _text(_Notes(_STDERR, "w", closefd=False), sys.__stderr__, is_unbuffered=True)


def _occupy(descriptor: int, flags: int) -> None:
    """Open the null device for a closed stream, so that no other file gets its number."""
    try:
        os.fstat(descriptor)
    except OSError:
        opened = os.open(os.devnull, flags)
        if opened != descriptor:
            os.dup2(opened, descriptor)
            os.close(opened)


def _text(raw: io.FileIO, former: object, *, is_unbuffered: bool = False) -> io.TextIOWrapper:
    before = cast(io.TextIOWrapper | None, former)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=before.encoding if before else "utf-8",
        errors="backslashreplace",
        line_buffering=is_unbuffered or raw.isatty(),
        write_through=is_unbuffered,
    )
