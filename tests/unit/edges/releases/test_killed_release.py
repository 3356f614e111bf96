"""A process that is killed between choosing what to show, noting it and showing it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from stream_app.core.releases.related import Count, People
from stream_app.edges.releases import release_file
from stream_app.edges.releases.release_file import ReleaseFile

BLACK = People("race", frozenset({("black",)}))
FORMER = Count(BLACK, 0, 3600, 300)
SHOWN = Count(BLACK, 7200, 9000, 200)
TEN_SECONDS_MORE = [FORMER._replace(end=3610, n=304), SHOWN._replace(end=9010, n=204)]
CALLS = ("write", "fsync", "replace", "ftruncate", "close")


def release(folder: Path, *counts: Count) -> list[bool]:
    with ReleaseFile(folder).release("loans", "topic", 10) as knowledge:
        return list(map(knowledge.add_if_safe, counts))


def show_and_die(folder: Path, at: int, *, is_half: bool) -> tuple[bool, bool]:
    """Show a count in a process that is killed before a call of the system; return whether it was, and has shown."""
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        calls, write = count(), os.write

        def dying(call: Callable[..., Any]) -> Callable[..., Any]:
            def run(*arguments: Any, **options: Any) -> Any:
                if next(calls) == at:
                    if is_half and call is write:
                        write(arguments[0], arguments[1][: len(arguments[1]) // 2])
                    os.kill(os.getpid(), signal.SIGKILL)
                return call(*arguments, **options)

            return run

        for name in CALLS:
            setattr(os, name, dying(getattr(os, name)))
        release(folder, SHOWN)
        write(writer, b"shown")
        os._exit(0)
    os.close(writer)
    _, status = os.waitpid(process, 0)
    shown = os.read(reader, 16)
    os.close(reader)
    return os.WIFSIGNALED(status), bool(shown)


@pytest.mark.parametrize("is_half", [False, True])
@pytest.mark.parametrize("most_lines", [50, 0], ids=["appended", "joined"])
def test_what_was_shown_is_noted_whenever_the_process_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_lines: int, *, is_half: bool
) -> None:
    monkeypatch.setattr(release_file, "_MOST_LINES", most_lines)
    n_killed, n_lost = 0, 0
    for at in count():
        folder = tmp_path / str(at)
        release(folder, FORMER)
        is_killed, is_shown = show_and_die(folder, at, is_half=is_half)
        first, second = release(folder, *TEN_SECONDS_MORE)
        assert not first
        assert not second or not is_shown
        n_lost += second
        n_killed += is_killed
        if not is_killed:
            assert is_shown
            break
    assert n_lost >= 1
    assert n_killed > n_lost
