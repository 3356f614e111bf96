"""A lock has one owner, ends with its process, and a failure of the disk is never taken for another owner."""

from __future__ import annotations

import os
import signal
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stream_app.edges.audit.decision_store import DecisionStore
from stream_app.edges.files.locks import Turn, file_lock, lock_open_file, take_lock
from stream_app.edges.releases.budget_file import BudgetFile
from stream_app.errors import BrokerUnavailableError, ConfigError, WriteError

AT_ONCE = Turn("Another process writes")
SOON = Turn("Another process writes", wait_s=60.0)


def in_child(work: Callable[[], object]) -> int:
    """Start a process that does something and then waits until it is killed; return its id once it has done it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work()
            os.write(writer, b"x")
            while True:
                time.sleep(60.0)
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read(1) == b"x"
    return child


def kill(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_a_second_owner_is_told_so_at_once_and_gets_the_lock_when_the_first_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    child = in_child(lambda: take_lock(path, AT_ONCE))
    try:
        with (
            pytest.raises(ConfigError, match=r"Another process writes\. Stop it, or try again"),
            file_lock(path, AT_ONCE),
        ):
            pass
    finally:
        kill(child)
    with file_lock(path, AT_ONCE):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_one_that_waits_gets_the_lock_when_it_is_free(tmp_path: Path) -> None:
    mine = take_lock(tmp_path / "lock", AT_ONCE)
    child = os.fork()
    if child == 0:
        try:
            os.close(mine)  # a child that inherits a lock has it too
            with file_lock(tmp_path / "lock", SOON):
                (tmp_path / "had it").touch()
        finally:
            os._exit(0)
    assert not (tmp_path / "had it").exists()
    os.close(mine)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert (tmp_path / "had it").exists()


def test_two_threads_or_openings_of_one_process_exclude_each_other_too(tmp_path: Path) -> None:
    busy = Turn("Busy", error=BrokerUnavailableError, action="Wait")
    with (
        file_lock(tmp_path / "lock", AT_ONCE),
        pytest.raises(BrokerUnavailableError, match=r"Busy\. Wait"),
        file_lock(tmp_path / "lock", busy),
    ):
        pass


def test_a_file_that_cannot_be_locked_is_no_other_owner(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_PATH)  # the kernel locks no such file: EBADF
    try:
        with pytest.raises(WriteError, match=r"Cannot lock .*Bad file descriptor\. Use a disk"):
            lock_open_file(descriptor, tmp_path, SOON)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("name", ["link", "folder", "gone/lock"])
def test_what_is_no_file_is_not_locked(tmp_path: Path, name: str) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "folder").mkdir()
    with pytest.raises(WriteError, match="Cannot write"), file_lock(tmp_path / name, AT_ONCE):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_store_whose_lock_fails_does_not_blame_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int, __: int) -> None:
        raise OSError(37, "No locks available")  # of a network file system whose lock service is down

    monkeypatch.setattr("fcntl.flock", fail)
    with pytest.raises(WriteError, match="No locks available"), DecisionStore(tmp_path).writer():
        pass
    (tmp_path / "epsilon-budget.jsonl").touch(mode=0o600)
    with pytest.raises(WriteError, match="No locks available"):
        BudgetFile(tmp_path).charges()
