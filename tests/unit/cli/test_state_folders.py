"""A state folder in which others can write is refused by every command that could believe or add to what is in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stream_app.cli import app, load_commands
from stream_app.errors import ConfigError

COMMANDS = [
    "keys init",
    "keys list",
    "subject erase --link-domain applicant",
    "audit init --origin tests/audit",
    "audit verify",
    "replay list",
    "replay run --from 2026-01-01T00:00:00Z --to 2026-01-01T01:00:00Z",
    "privacy release tests/nothing.jsonl --day 2026-01-01",
    "results",
    "alerts list",
    "uninstall",
    "worker",
    "web",
    "web create-user ada",
    "web rebuild",
    "web tokens list",
]


def invoke(command: str, state: Path) -> None:
    load_commands()
    result = CliRunner().invoke(app, command.split(), env={"FAIRSTREAM_STATE": str(state)}, catch_exceptions=False)
    pytest.fail(f"not refused: {result.output}")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770, 0o702])
def test_a_folder_in_which_others_can_write_is_refused(tmp_path: Path, command: str, mode: int) -> None:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(mode)
    with pytest.raises(ConfigError, match=f"Others can write in the state folder {state}. chmod 700 {state}"):
        invoke(command, state)
    assert list(state.iterdir()) == []


def a_link_to_an_open_folder(state: Path) -> None:
    state.with_name("real").mkdir()
    state.with_name("real").chmod(0o777)
    state.symlink_to(state.with_name("real"))


def a_folder_of_another(state: Path) -> None:
    state.mkdir()
    os.chown(state, 1234, -1)


def a_link_of_another(state: Path) -> None:
    state.with_name("real").mkdir()
    state.symlink_to(state.with_name("real"))
    os.chown(state, 1234, -1, follow_symlinks=False)


@pytest.mark.parametrize("make", [a_link_to_an_open_folder, a_folder_of_another, a_link_of_another])
def test_what_others_could_have_put_there_is_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    if os.geteuid() != 0 and make is not a_link_to_an_open_folder:
        pytest.skip("only root can give a folder to another user")
    state = tmp_path / "state"
    make(state)
    with pytest.raises(ConfigError, match=f"the state folder {state}|The state folder {state} belongs to another"):
        invoke("keys list", state)


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o755, 0o2755])
def test_others_may_read_a_state_folder_or_a_link_may_lead_to_it(tmp_path: Path, mode: int) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real").chmod(mode)
    (tmp_path / "state").symlink_to(tmp_path / "real")
    load_commands()
    flags = ["--state-dir", str(tmp_path / "state"), "--json"]
    result = CliRunner().invoke(app, ["keys", "init", *flags], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "real" / "keys").is_dir()
