"""The audit log of a state folder: appended, for its owner only, and never silently without an entry."""

from __future__ import annotations

import os
import pwd
import resource
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stream_app.edges.files.audit_file import AuditFile, exporter
from stream_app.errors import ConfigError, WriteError


def test_entries_are_appended_to_a_file_of_its_owner_alone(tmp_path: Path) -> None:
    log = AuditFile(tmp_path / "state")
    log.append(b'{"a":1}')
    log.append(b'{"b":2}')
    assert log.path.read_bytes() == b'{"a":1}\n{"b":2}\n'
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.path.parent.stat().st_mode) == 0o700


def test_an_entry_after_a_torn_one_is_complete(tmp_path: Path) -> None:
    log = AuditFile(tmp_path)
    log.append(b"first")
    with log.path.open("ab") as file:
        file.write(b'{"torn')
    log.append(b"second")
    assert log.path.read_bytes().splitlines() == [b"first", b'{"torn', b"second"]


def test_entries_that_are_written_at_once_do_not_mix(tmp_path: Path) -> None:
    lines = [str(number).encode() * 4000 for number in range(10, 42)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(AuditFile(tmp_path).append, lines))
    assert sorted((tmp_path / "audit.jsonl").read_bytes().splitlines()) == sorted(lines)


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o666])
def test_a_log_that_others_can_access_is_rejected(tmp_path: Path, mode: int) -> None:
    log = AuditFile(tmp_path)
    log.append(b"first")
    log.path.chmod(mode)
    with pytest.raises(ConfigError, match="only its owner can access"):
        log.append(b"second")
    assert log.path.read_bytes() == b"first\n"


def test_a_link_a_folder_and_a_pipe_are_rejected(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.touch(mode=0o600)
    makers: list[Callable[[Path], None]] = [
        lambda path: path.symlink_to(elsewhere),
        lambda path: path.mkdir(),
        lambda path: os.mkfifo(path, 0o600),
    ]
    for number, make in enumerate(makers):
        folder = tmp_path / str(number)
        folder.mkdir()
        make(folder / "audit.jsonl")
        with pytest.raises(ConfigError):
            AuditFile(folder).append(b"entry")
    assert elsewhere.read_bytes() == b""


def test_a_folder_that_cannot_be_created_is_an_error_with_its_consequence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match=r"Cannot write the audit log .* Nothing is exported without an audit entry"):
        AuditFile(tmp_path / "file").append(b"entry")


def test_a_disk_that_stores_part_of_an_entry_is_an_error_and_the_next_entry_is_complete(tmp_path: Path) -> None:
    log = AuditFile(tmp_path)
    log.append(b"first")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9, hard))
    try:
        with pytest.raises(WriteError, match="No space left"):
            log.append(b"second")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    log.append(b"third")
    assert log.path.read_bytes() == b"first\nsec\nthird\n"


def test_the_exporter_is_the_user_of_the_process_and_not_of_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "LOGNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "somebody-else")
    assert (exporter().uid, exporter().user) == (os.getuid(), pwd.getpwuid(os.getuid()).pw_name)
