"""Starts the program of each system, and creates what it needs first."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.compare.catalog import System
from benchmarks.kafka_streams.build import UnavailableError, kafka_streams_command
from stream_app.edges.kafka.local.jars import default_cache_dir

_REQUIREMENTS = Path(__file__).parents[2] / "requirements"

Note = Callable[[str], None]


def command_of(system: System, folder: Path, note: Note) -> list[str]:
    """Return the program of a system, after creating its environment or building it if necessary.

    Raises:
        UnavailableError: with the reason.
    """
    if not system.module:
        return kafka_streams_command(folder, note)
    python = _python_of(system.environment, note) if system.environment else sys.executable
    return [python, "-m", f"benchmarks.systems.{system.module}"]


def _python_of(environment: str, note: Note) -> str:
    """Return the interpreter of a peer's own environment, created once per lock."""
    lock = _REQUIREMENTS / f"peers-{environment}.txt"
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = default_cache_dir() / f"bench-{environment}-{digest}"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        note(f"creating the environment of {environment}")
        shutil.rmtree(folder, ignore_errors=True)
        uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
        if uv is None:
            raise UnavailableError("uv, which creates its environment, is not installed")
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)])
        _run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(python), str(lock)])
        (folder / "complete").touch()
    return str(python)


def _run(argv: list[str]) -> None:
    completed = subprocess.run(argv, capture_output=True, text=True, check=False)
    if completed.returncode:
        raise UnavailableError(f"{' '.join(argv[1:3])} failed: {completed.stderr.strip()[-300:]}")
