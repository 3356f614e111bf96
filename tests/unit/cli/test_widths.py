"""What commands print for people, at several widths: the same words, none broken, and no line that is too long."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from stream_app.cli import app
from stream_app.cli.demo.command import _NEXT_STEPS
from stream_app.cli.output import facts, notes, print_command
from stream_app.edges.host.own_command import own_command
from tests.support.docs.names import commands

WIDTHS = (60, 80, 132)
SAID = [
    "policy list",
    "policy check loans",
    "policy check credit",
    "policy fields",
    "topics list",
    "topics list --policy camera",
    "metrics list",
    "doctor --kafka 127.0.0.1:1",
    "replay list",
]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, int], str]:
    """Return a function that runs a command at a width and returns what it prints."""
    monkeypatch.setenv("FAIRSTREAM_STATE", str(tmp_path))

    def run_at(command: str, width: int) -> str:
        for console in (facts, notes):
            monkeypatch.setattr(console, "_width", width)
        return CliRunner().invoke(app, command.split()).output

    return run_at


@pytest.mark.parametrize("command", SAID)
def test_a_command_says_the_same_at_any_width(command: str, run: Callable[[str, int], str]) -> None:
    words = run(command, 10_000).split()
    assert len(words) > 5
    for width in WIDTHS:
        text = run(command, width)
        assert text.split() == words
        assert all(cell_len(line) <= width or len(line.split()) == 1 for line in text.splitlines())


@pytest.mark.parametrize("width", WIDTHS)
def test_the_plan_fits_any_width(width: int, run: Callable[[str, int], str]) -> None:
    text = run("plan --reference-rate 0.7 --share 0.1 --per-day 5000 --runs 10", width)
    assert max(map(len, text.splitlines())) <= width
    assert "0.49 vs. 0.7" in text


@pytest.mark.parametrize("width", [20, 60, 80])
def test_a_command_to_copy_is_one_line(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(facts, "_width", width)
    command = "fairstream results --kafka 127.0.0.1:18365 --policy '/a path/of/the demo/policy.toml' --follow"
    print_command(command)
    assert capsys.readouterr().out == f"  {command}\n"


def test_what_the_demo_suggests_runs_as_printed() -> None:
    known = commands()
    for _, *suggested in _NEXT_STEPS:
        for words in (f"fairstream {command}".split() for command in suggested):
            (name,) = [name for name in known if words[: len(name.split())] == name.split()]
            assert {word for word in words if word.startswith("--")} <= known[name]


def test_a_command_is_printed_as_the_shell_finds_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "a venv" / "bin" / "fairstream"
    program.parent.mkdir(parents=True)
    monkeypatch.setattr("sys.executable", str(program.with_name("python")))
    monkeypatch.setenv("PATH", "/nowhere")
    assert own_command() == f"'{program.with_name('python')}' -m stream_app"  # not installed there
    program.touch(mode=0o755)
    assert own_command() == f"'{program}'"
    monkeypatch.chdir(tmp_path)
    assert own_command() == "'a venv/bin/fairstream'"
    monkeypatch.setenv("PATH", str(program.parent))
    assert own_command() == "fairstream"
