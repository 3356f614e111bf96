"""Every file that a command reads may be a pipe, a device or huge by mistake: one line, at once, in little memory."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

READING = {
    "policy check FILE": 2,
    "policy check loans --sample FILE": None,
    "topics list --policy FILE": 2,
    "detect FILE": 2,
    "produce csv FILE --dry-run": 2,
    "produce loans --policy FILE --dry-run --count 1": 2,
    "topics list": 2,  # FAIRSTREAM_SETTINGS
}


def run(command: str, file: Path) -> subprocess.CompletedProcess[str]:
    """Run a command that may use 2 GB of memory, and that ends within the timeout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FAIRSTREAM_")}
    if "FILE" not in command:
        environment["FAIRSTREAM_SETTINGS"] = str(file)
    return subprocess.run(
        [sys.executable, "-m", "stream_app", *command.replace("FILE", str(file)).split()],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2 * 2**30, 2 * 2**30)),
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    [
        "policy check FILE",
        "policy check loans --sample FILE",
        "detect FILE",
        "allocate FILE --total 100",
        "produce csv FILE --dry-run",
        "privacy inspect FILE",
        "topics list",  # FAIRSTREAM_SETTINGS
    ],
)
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("loop", "leads back to itself"),
        ("loop/below", "leads back to itself"),
        ("folder", ". "),
        ("file/below", "A part of the path is a file"),
        ("n" * 300, ". "),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_that_says_what_to_do(
    tmp_path: Path, command: str, name: str, says: str
) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    outcome = run(command, tmp_path / name)
    (line,) = outcome.stderr.splitlines()
    assert outcome.returncode == 2
    assert "Error" not in line
    assert says in line


@pytest.mark.parametrize("source", ["detect -", "allocate - --total 100", "subject erase --link-domain applicant"])
def test_a_closed_standard_input_is_an_empty_one(tmp_path: Path, source: str) -> None:
    def outcome_of(redirection: str) -> tuple[int, str, str]:
        keys = f"{sys.executable} -m stream_app keys init >&2; " if "subject" in source else ""
        state = tmp_path / f"state{redirection[1:2].strip('/')}"
        outcome = subprocess.run(
            ["bash", "-c", f"{keys}{sys.executable} -m stream_app {source} {redirection}"],
            capture_output=True,
            text=True,
            timeout=60,
            env=os.environ | {"FAIRSTREAM_STATE": str(state)},
            check=False,
        )
        return outcome.returncode, outcome.stdout, outcome.stderr.splitlines()[-1]

    closed, empty = outcome_of("<&-"), outcome_of("</dev/null")
    assert closed == empty
    assert "Traceback" not in closed[2]


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize("kind", ["pipe", "device", "huge"])
def test_a_file_that_is_none_is_one_line(tmp_path: Path, command: str, kind: str) -> None:
    file = tmp_path / kind
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "device":
        file = Path("/dev/zero")
    else:
        with file.open("wb") as sparse:
            sparse.truncate(8 * 2**30)
    outcome = run(command, file)
    assert outcome.returncode == (READING[command] or (1 if kind == "pipe" else 2)), outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1
    assert "Traceback" not in outcome.stderr


def test_a_pipe_of_the_shell_is_read_to_its_end() -> None:
    command = f"{sys.executable} -m stream_app detect <(sleep 0.2; cat docs/examples/counts.csv)"
    outcome = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    direct = subprocess.run(
        [sys.executable, "-m", "stream_app", "detect", "docs/examples/counts.csv"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome.stdout == direct.stdout
    assert outcome.returncode == direct.returncode


def test_a_hundred_thousand_columns_are_searched_for_duplicates_in_one_pass(tmp_path: Path) -> None:
    names = ["k_a", "n_a", "k_b", "n_b", *(f"c{number}" for number in range(100_000))]
    file = tmp_path / "wide.csv"
    file.write_text(f"{','.join(names)}\n{','.join('5' for _ in names)}\n", "utf-8")
    assert run("detect FILE", file).returncode == 0
    file.write_text(f"{','.join([*names, 'c7'])}\n", "utf-8")
    assert "duplicate column 'c7'" in run("detect FILE", file).stderr
