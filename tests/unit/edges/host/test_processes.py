"""A child process ends with its parent, or when it is asked to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stream_app.edges.host.processes import BoundProcess

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)
PARENT = """
import pathlib, sys, time
from stream_app.edges.host.processes import BoundProcess
child = BoundProcess(["sleep", "60"], pathlib.Path(sys.argv[1]))
print(child.pid, flush=True)
time.sleep(60)
"""


def test_a_child_that_obeys_ends_with_sigterm(tmp_path: Path) -> None:
    child = BoundProcess(["sleep", "60"], tmp_path / "log")
    assert child.exit_code() is None
    assert child.stop() == -signal.SIGTERM
    assert child.stop() == -signal.SIGTERM  # a second stop is harmless


def test_a_child_that_ignores_sigterm_is_killed_after_the_grace_time(tmp_path: Path) -> None:
    child = BoundProcess([sys.executable, "-c", STUBBORN], tmp_path / "log")
    wait_for_text(tmp_path / "log", "deaf")
    assert child.stop(grace_s=0.2) == -signal.SIGKILL


def test_the_exit_code_of_a_child_that_ends_by_itself_is_kept(tmp_path: Path) -> None:
    with BoundProcess([sys.executable, "-c", "print('last words'); raise SystemExit(7)"], tmp_path / "log") as child:
        assert child.wait(20) == 7
    assert child.exit_code() == 7
    assert (tmp_path / "log").read_text() == "last words\n"


def test_a_wait_that_is_too_short_is_an_error(tmp_path: Path) -> None:
    with BoundProcess(["sleep", "60"], tmp_path / "log") as child, pytest.raises(TimeoutError, match="still running"):
        child.wait(0.01)


def test_a_child_of_a_killed_parent_ends(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.stdout.close()
    os.kill(child, 0)
    parent.kill()
    parent.wait()
    wait_for_end(child)


def wait_for_text(path: Path, text: str) -> None:
    """Poll a file until it holds a text."""
    deadline = time.monotonic() + 20
    while text not in path.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def wait_for_end(pid: int) -> None:
    """Poll until a process is gone or only waits to be reaped."""
    deadline = time.monotonic() + 20
    while True:
        try:
            if Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] == "Z":
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        assert time.monotonic() < deadline
        time.sleep(0.02)
