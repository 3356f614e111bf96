"""``python -m tests.programs.other_pythons PATHS``: run tests on each other supported Python that is installed.

Each interpreter gets an environment of its own from the lock, kept in ``build/pythons`` until the lock changes. A
version that is not installed is skipped with the reason; a failure of any version is the exit status. ``--newest``
leaves out all but the newest version that is installed.
"""

# ruff: noqa: T201  # a program that prints

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.support.paths import ROOT

SUPPORTED = ((3, 11), (3, 12), (3, 13))
ENVIRONMENTS = ROOT / "build" / "pythons"
LOCK = ROOT / "requirements" / "dev.txt"
_ANSWER = "import sys, ssl, sqlite3, venv; print(*sys.version_info[:2])"


def main(arguments: Sequence[str]) -> int:
    is_newest_only = "--newest" in arguments
    paths = [argument for argument in arguments if argument != "--newest"]
    statuses: dict[str, int] = {}
    for version in reversed(SUPPORTED):
        name = ".".join(map(str, version))
        if version == sys.version_info[:2]:
            print(f"Python {name}: runs `make test`")
            continue
        interpreter = find_interpreter(version, candidates(name))
        if interpreter is None:
            print(f"Python {name}: skipped, no python{name} that works on PATH or in pyenv")
            continue
        print(f"Python {name}: {interpreter}", flush=True)
        started = time.monotonic()
        statuses[name] = run_tests(environment_of(name, interpreter), paths)
        print(f"Python {name}: {'passed' if not statuses[name] else 'FAILED'} in {time.monotonic() - started:.0f} s")
        if is_newest_only:
            break
    return max(statuses.values(), default=0)


def candidates(name: str) -> Iterable[Path]:
    """Return every place where an interpreter may be; a shim of pyenv is there also for versions that are not."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    roots = {Path.home() / ".pyenv", *(folder.parent for folder in folders if folder.name == "shims")}
    folders += [folder for root in sorted(roots) for folder in sorted(root.glob(f"versions/{name}*/bin"))]
    return (folder / f"python{name}" for folder in folders)


def find_interpreter(version: tuple[int, int], paths: Iterable[Path]) -> Path | None:
    """Return the first interpreter that answers and is of this version."""
    return next((path for path in paths if path.is_file() and _version_of(path) == version), None)


def _version_of(path: Path) -> tuple[int, ...] | None:
    try:
        answer = subprocess.run([path, "-c", _ANSWER], capture_output=True, text=True, timeout=30, check=True)
        return tuple(int(number) for number in answer.stdout.split())
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def environment_of(name: str, interpreter: Path) -> Path:
    """Return an environment with everything that the lock names, made when the lock has changed."""
    digest = hashlib.sha256(LOCK.read_bytes() + ROOT.joinpath("pyproject.toml").read_bytes()).hexdigest()[:12]
    folder, stamp = ENVIRONMENTS / name, ENVIRONMENTS / f"{name}-{digest}"
    if not stamp.exists():
        uv = [str(Path(sys.executable).with_name("uv"))]
        environ = {**os.environ, "VIRTUAL_ENV": str(folder)}
        for command in (
            ["venv", "--quiet", "--clear", "--python", str(interpreter), str(folder)],
            ["pip", "sync", "--quiet", "--require-hashes", str(LOCK)],
            ["pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", "."],
        ):
            subprocess.run([*uv, *command], env=environ, cwd=ROOT, check=True)
        for old in ENVIRONMENTS.glob(f"{name}-*"):
            old.unlink()
        stamp.touch()
    return folder / "bin" / "python"


def run_tests(python: Path, arguments: Sequence[str]) -> int:
    """Run pytest in an environment; its exit status."""
    command = [str(python), "-m", "pytest", "-q", "-n", "3", "--dist", "loadfile", "--hypothesis-profile=brief"]
    return subprocess.run([*command, *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
