"""The file of SQLite: only a regular one of this user is opened, no link is followed, and damage is said as such."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stream_app.errors import ConfigError
from stream_app.settings import Settings
from stream_app.web_app.host.database import FILE_NAME, database_of
from stream_app.web_app.host.secret_key import FILE_NAME as KEY_NAME
from stream_app.web_app.host.secret_key import secret_key
from tests.support.paths import ROOT


def link_to_nothing(path: Path) -> None:
    path.symlink_to(path.parent.parent / "elsewhere")


def link_to_a_file(path: Path) -> None:
    (path.parent.parent / "precious").write_text("precious", "utf-8")
    path.symlink_to(path.parent.parent / "precious")


def link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


def readable(path: Path) -> None:
    path.touch(0o600)
    path.chmod(0o640)


def of_another(path: Path) -> None:
    path.touch(0o600)
    os.chown(path, 1234, -1)


SPOILT: dict[Callable[[Path], None], str] = {
    link_to_nothing: "is a link",
    link_to_a_file: "is a link",
    link_to_a_device: "is a link",
    link_to_itself: "is a link",
    pipe: "is not a regular file",
    readable: "can be read by others. chmod 600",
    of_another: "belongs to another user. chown",
}


@pytest.mark.parametrize("name", [FILE_NAME, f"{FILE_NAME}-journal", f"{FILE_NAME}-wal", f"{FILE_NAME}-shm", KEY_NAME])
@pytest.mark.parametrize("spoil", SPOILT)
def test_what_is_not_an_own_file_is_refused_and_left_alone(
    tmp_path: Path, name: str, spoil: Callable[[Path], None]
) -> None:
    if spoil is of_another and os.geteuid() != 0:
        pytest.skip("only root can give a file to another user")
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    spoil(state / name)
    with pytest.raises(ConfigError, match=SPOILT[spoil]):
        secret_key(state) if name == KEY_NAME else database_of(Settings(state_dir=str(state)))
    assert not (tmp_path / "elsewhere").exists()
    if spoil is link_to_a_file:
        assert (tmp_path / "precious").read_text("utf-8") == "precious"
    assert {path.name for path in state.iterdir()} == {name}


def create_user(state: Path, before: Callable[[], object] | None = None) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "stream_app", "web", "create-user", "ada", "--state-dir", str(state)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        preexec_fn=before,
        check=False,
    )
    assert done.stderr.count("\n") <= 1, done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("part", ["noise", "text", "head", "middle"])
def test_a_damaged_file_is_called_that(tmp_path: Path, part: str) -> None:
    path = tmp_path / FILE_NAME
    assert create_user(tmp_path) == (0, "")
    whole = path.read_bytes()
    (tmp_path / f"{FILE_NAME}-wal").unlink(missing_ok=True)
    (tmp_path / f"{FILE_NAME}-shm").unlink(missing_ok=True)
    half = len(whole) // 2
    spoilt = {"noise": bytes(range(256)) * 40, "text": b"text\n", "head": whole[:half], "middle": b"\xff" * half}
    path.write_bytes(whole[:4096] + spoilt[part] if part == "middle" else spoilt[part])
    code, said = create_user(tmp_path)
    assert (code, f"{path} is damaged, or is not a database. Restore it" in said) == (2, True), said


def test_a_full_disk_at_the_first_start_is_called_that(tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    code, said = create_user(tmp_path, limit)
    assert (code, f"{tmp_path / FILE_NAME}: the disk is full. Free some space" in said) == (74, True), said
