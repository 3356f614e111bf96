"""What an audit log rejects, and what of it is written then: full and broken disks, open folders."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stream_app.core.audit.entries import EntryError, NewEntry
from stream_app.edges.audit.log import AuditLog
from stream_app.edges.audit.segments import list_segments
from stream_app.errors import ConfigError, WriteError
from tests.support.audit_logs import numbered
from tests.support.log_folders import numbers_of


@contextmanager
def limited_file_size(n_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: what a full disk does, without one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_a_full_disk_rejects_is_not_acknowledged_and_leaves_nothing(
    folder: Path, open_log: Callable[..., AuditLog]
) -> None:
    log = open_log()
    log.append(numbered(0, 3))
    path = folder / list_segments(folder)[0].name
    before = path.read_bytes()
    with limited_file_size(len(before) + 700), pytest.raises(WriteError):
        log.append(numbered(3, 20))
    assert path.read_bytes() == before
    log.append(numbered(3, 5))
    assert numbers_of(folder) == [0, 1, 2, 3, 4]


def test_after_a_broken_disk_nothing_is_accepted(
    open_log: Callable[..., AuditLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log()
    log.append(numbered(0, 3))

    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail)
        with pytest.raises(WriteError, match="Input/output error"):
            log.append(numbered(3, 4))
    with pytest.raises(WriteError, match="start the process again"):
        log.append(numbered(3, 4))


def test_an_invalid_entry_keeps_the_others_of_its_batch_out(folder: Path, open_log: Callable[..., AuditLog]) -> None:
    log = open_log()
    log.append(numbered(0, 1))
    with pytest.raises(EntryError):
        log.append([*numbered(1, 3), NewEntry(type="test", actor="tests", data={"rate": 0.5})])
    with pytest.raises(EntryError):
        log.append([*numbered(1, 3), NewEntry(type="test", actor="tests", data={"text": "x" * 70_000})])
    log.append(numbered(1, 2))
    assert numbers_of(folder) == [0, 1]


def test_a_folder_or_file_that_others_can_access_or_that_is_a_link_is_rejected(
    folder: Path, open_log: Callable[..., AuditLog], tmp_path: Path
) -> None:
    open_log().append(numbered(0, 1))
    folder.chmod(0o750)
    with pytest.raises(ConfigError, match="only its owner"):
        open_log()
    folder.chmod(0o700)
    path = folder / list_segments(folder)[0].name
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="can be read by others"):
        open_log().append(numbered(1, 2))
    path.chmod(0o600)
    path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    with pytest.raises(ConfigError):
        open_log().append(numbered(1, 2))
