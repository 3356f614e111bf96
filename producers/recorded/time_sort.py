"""Sorts events by time in bounded memory: sorted runs go to temporary files, which are then merged."""

from __future__ import annotations

import heapq
import struct
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from operator import attrgetter
from typing import BinaryIO

from producers.event import Event
from stream_app.errors import WriteError

RUN_BYTES = 64 * 1024 * 1024  # of keys and values that are sorted in memory
MAX_RUNS = 64  # files that are open at a time
_EVENT_BYTES = 300  # what an event takes beside its key and value
_HEAD = struct.Struct("<qII?")
_by_time = attrgetter("time_ms")


def sort_by_time(events: Iterable[Event], *, run_bytes: int = RUN_BYTES, max_runs: int = MAX_RUNS) -> Iterator[Event]:
    """Yield events in order of time; those of the same time in the order in which they came.

    Up to ``run_bytes`` of events are sorted in memory. Otherwise sorted runs are written to temporary files that have
    no name and that only this process can read, and merged; the memory stays the same for a file of any size.

    Args:
        events: The events; they are read completely before the first is yielded.
        run_bytes: Size of a run.
        max_runs: Runs that are merged at a time, >= 2.

    Raises:
        WriteError: a temporary file cannot be written.

    >>> a, b, c = (Event(key, b"{}", time_ms) for key, time_ms in ((b"a", 2), (b"b", 1), (b"c", 1)))
    >>> [event.key for event in sort_by_time([a, b, c], run_bytes=1)]
    [b'b', b'c', b'a']
    """
    with ExitStack() as files:
        runs: list[BinaryIO] = []
        last: list[Event] = []
        for run in _runs_of(events, run_bytes):
            if last:
                runs.append(files.enter_context(_write_run(last)))
            last = run
            if len(runs) == max_runs:
                runs = [files.enter_context(_write_run(_merge(runs)))]
        yield from heapq.merge(*map(_read_run, runs), last, key=_by_time)


def _runs_of(events: Iterable[Event], run_bytes: int) -> Iterator[list[Event]]:
    run: list[Event] = []
    size = 0
    for event in events:
        run.append(event)
        size += len(event.key) + len(event.value) + _EVENT_BYTES
        if size >= run_bytes:
            yield sorted(run, key=_by_time)
            run, size = [], 0
    yield sorted(run, key=_by_time)


def _merge(runs: list[BinaryIO]) -> Iterator[Event]:
    yield from heapq.merge(*map(_read_run, runs), key=_by_time)
    for run in runs:
        run.close()


def _write_run(events: Iterable[Event]) -> BinaryIO:
    with ExitStack() as unless_complete:
        try:
            file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - the merge closes it
            unless_complete.callback(_discard, file)
            file.writelines(map(_pack, events))
            file.seek(0)
        except OSError as error:
            raise WriteError(
                f"Cannot write a temporary file to sort the rows: {error.strerror}",
                action="Free some space, or name another folder in the variable TMPDIR",
            ) from None
        unless_complete.pop_all()
        return file


def _pack(event: Event) -> bytes:
    head = _HEAD.pack(event.time_ms, len(event.key), len(event.value), event.is_outcome)
    return head + event.key + event.value


def _discard(file: BinaryIO) -> None:
    with suppress(OSError):  # what is in its buffer is not needed any more
        file.close()


def _read_run(file: BinaryIO) -> Iterator[Event]:
    while head := file.read(_HEAD.size):
        time_ms, key_size, value_size, is_outcome = _HEAD.unpack(head)
        yield Event(file.read(key_size), file.read(value_size), time_ms, is_outcome)
