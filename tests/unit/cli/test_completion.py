"""Shell completion, by the protocol of the installed shells; it needs neither keys nor a broker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stream_app.policy import shipped_names
from tests.support.paths import ROOT


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the program where the state folder is empty and no broker answers."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FAIRSTREAM_")}
    return subprocess.run(
        [sys.executable, "-m", "stream_app", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        env={**clean, "FAIRSTREAM_KAFKA": "127.0.0.1:1", "FAIRSTREAM_STATE": "/nonexistent", **environ},
    )


def bash(line: str) -> list[str]:
    """Return what bash offers after a line."""
    words = line.split(" ")
    place = str(len(words) - 1)
    done = run(_FAIRSTREAM_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=place)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def zsh(line: str) -> str:
    """Return what zsh offers after a line."""
    done = run(_FAIRSTREAM_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=line)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("fairstream re", ["results", "replay", "report"]),
        ("fairstream replay exp", ["export", "export-records"]),
        ("fairstream worker --policy lo", ["loanapp", "loans"]),
        ("fairstream policy show cr", ["credit"]),
        ("fairstream replay compare --other-policy c", ["camera", "cameras", "credit"]),
        ("fairstream replay bisect --metric ", ["dir", "gap"]),
        ("fairstream replay verify --pub", ["--published"]),
        ("fairstream replay export ", []),
    ],
)
def test_bash_completes(line: str, offered: list[str]) -> None:
    assert bash(line) == offered


def test_zsh_completes_commands_with_their_help_and_policies() -> None:
    assert '"verify":"Recompute the published records' in zsh("fairstream replay ver")
    offered = zsh("fairstream topics create --policy ")
    assert all(f'"{name}"' in offered for name in shipped_names())


def test_the_run_of_a_state_folder_completes(tmp_path: Path) -> None:
    words = {"COMP_WORDS": "fairstream replay export ", "COMP_CWORD": "3", "_FAIRSTREAM_COMPLETE": "complete_bash"}
    assert run(**words, FAIRSTREAM_STATE=str(tmp_path)).stdout.strip() == ""
    broken = run(**words, FAIRSTREAM_METRICS_PORT="no number")
    assert (broken.returncode, broken.stdout.strip(), broken.stderr) == (0, "", "")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_completion_script_of_a_shell_calls_the_program(shell: str) -> None:
    done = run(_FAIRSTREAM_COMPLETE=f"source_{shell}")
    assert done.returncode == 0
    assert f"_FAIRSTREAM_COMPLETE=complete_{shell}" in done.stdout
    assert "fairstream" in done.stdout


def test_completion_can_be_installed(tmp_path: Path) -> None:
    flags = {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = run("--install-completion", "bash", **flags)
    assert done.returncode == 0, done.stderr
    assert "fairstream" in (tmp_path / ".bash_completions" / "fairstream.sh").read_text("utf-8")
    assert "complete_bash" in run("--show-completion", "bash", **flags).stdout
