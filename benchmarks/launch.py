"""How each system's program is started, and what has to be made for that first."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.catalogue import System


class UnavailableError(Exception):
    """A system cannot be run on this machine; the text is the reason."""


def command_of(system: System, folder: Path, note: Callable[[str], None]) -> list[str]:
    """Return the program of a system, making its environment or building it when that is needed.

    Raises:
        UnavailableError: with the reason.
    """
    if system.environment or not system.module:
        raise UnavailableError("not built yet")
    del folder, note
    return [sys.executable, "-m", f"benchmarks.systems.{system.module}"]
