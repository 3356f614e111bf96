"""Every command that writes, against a full disk, a closed pipe and places that cannot be written.

The end is one line that says what could not be written, and an exit code of its own: 1 would mean an alarm.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stream_app.cli.exits import Exit

COUNTS = "docs/examples/counts.csv"
PRINTING = [
    "--version",
    "--help",
    "policy --help",
    "policy list",
    "policy show loans",
    "policy check loans",
    "policy fields",
    "policy schema",
    "topics list",
    "metrics list",
    f"detect {COUNTS}",
    f"detect {COUNTS} --json",
    "produce loans --count 5 --dry-run --start 2026-01-01T00:00:00Z",
    "keys list",
    "doctor --kafka 127.0.0.1:1",
]
WRITING = {
    "keys init --state-dir OUT": "",
    f"detect {COUNTS} --plot OUT/picture.svg": "",
    "dashboards export OUT": "pipeline",
    "keys rotate --from 2030-01-01T00:00:00Z": "keys",
}


def run(
    command: str, tmp_path: Path, *, stdout: int | None = subprocess.PIPE, before: Callable[[], object] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, with a state folder that has keys."""
    return subprocess.run(
        [sys.executable, "-m", "stream_app", *command.split()],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        env=os.environ | {"FAIRSTREAM_STATE": str(tmp_path / "state")},
        preexec_fn=before,
        check=False,
    )


def assert_one_line(outcome: subprocess.CompletedProcess[str]) -> None:
    assert (outcome.returncode, len(outcome.stderr.splitlines())) == (Exit.OUTPUT, 1), outcome.stderr
    assert outcome.stderr.startswith("fairstream: Cannot write ")


@pytest.mark.parametrize("command", PRINTING)
def test_output_that_the_disk_has_no_space_for_is_one_line_and_an_exit_code_of_its_own(
    tmp_path: Path, command: str
) -> None:
    if command == "keys list":
        assert run("keys init", tmp_path).returncode == 0
    with Path("/dev/full").open("wb") as full:
        outcome = run(command, tmp_path, stdout=full.fileno())
    assert_one_line(outcome)
    assert "standard output: No space left on device. Free some space" in outcome.stderr


@pytest.mark.parametrize("command", ["policy show loans", f"detect {COUNTS} --json", "policy fields"])
def test_a_reader_that_has_ended_ends_a_command_quietly(tmp_path: Path, command: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    outcome = run(command, tmp_path, stdout=writing)
    os.close(writing)
    assert (outcome.returncode, outcome.stderr) == (Exit.READER_GONE, "")


def test_a_closed_standard_output_is_an_error_and_a_closed_standard_error_is_not(tmp_path: Path) -> None:
    assert_one_line(run("policy list", tmp_path, before=lambda: os.close(1)))
    assert run("policy list", tmp_path, before=lambda: os.close(2)).returncode == 0
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "stream_app", "policy", "show", "nowhere"]
        assert subprocess.run(command, stderr=full, timeout=60, check=False).returncode == Exit.USAGE


def _no_space() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


@pytest.mark.parametrize("command", WRITING)
def test_a_command_on_a_full_disk_leaves_nothing_half_written(tmp_path: Path, command: str) -> None:
    if "rotate" in command:
        assert run("keys init", tmp_path).returncode == 0
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    (tmp_path / "out").mkdir()
    outcome = run(command.replace("OUT", str(tmp_path / "out")), tmp_path, before=_no_space)
    assert_one_line(outcome)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == files


@pytest.mark.parametrize("command", [command for command in WRITING if "OUT" in command])
@pytest.mark.parametrize("place", ["file/below", "dangling/below", "n" * 300, "/proc/nowhere", "/dev/full/below"])
def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path, command: str, place: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    assert_one_line(run(command.replace("OUT", str(tmp_path / place)), tmp_path))
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("handler", "expected"), [(signal.SIG_DFL, Exit.INTERRUPTED), (signal.SIG_IGN, -signal.SIGKILL)]
)
def test_a_closed_terminal_ends_a_command_cleanly_unless_it_runs_under_nohup(
    handler: signal.Handlers, expected: int
) -> None:
    command = [sys.executable, "-m", "stream_app", "produce", "loans", "--dry-run", "--rate", "0", "--event-rate", "1"]
    with subprocess.Popen(
        [*command, "--start", "2026-01-01T00:00:00Z"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, handler),  # noqa: PLW1509 - no threads here
    ) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        process.send_signal(signal.SIGHUP)
        if handler is signal.SIG_IGN:
            process.stdout.read(1_000_000)  # it goes on
            process.kill()
        _, notes = process.communicate(timeout=60)
    assert (process.returncode, notes) == (expected, b"")


def test_no_command_leaves_a_core_file_with_keys_and_identifiers() -> None:
    command = [sys.executable, "-m", "stream_app", "produce", "loans", "--dry-run", "--rate", "0", "--event-rate", "1"]
    with subprocess.Popen([*command, "--start", "2026-01-01T00:00:00Z"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        limits = Path(f"/proc/{process.pid}/limits").read_text("ascii")
        process.kill()
    line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert line.split()[-3:-1] == ["0", "0"]


def test_an_error_shows_a_hostile_name_on_one_printable_line() -> None:
    name = "x\x1b]0;owned\x07\n\u202efairstream: all is well"
    command = [sys.executable, "-m", "stream_app", "policy", "check", name]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert outcome.returncode == Exit.USAGE
    (line,) = outcome.stderr.splitlines()
    assert line.isprintable()
