"""What a program prints while it runs."""

# ruff: noqa: T201  # a program that prints

from __future__ import annotations

import time
from collections.abc import Callable


def timed_notes() -> Callable[[str], None]:
    """Return a function that prints a line after the seconds since now."""
    started = time.monotonic()

    def note(line: str) -> None:
        print(f"{time.monotonic() - started:7.1f} s  {line}", flush=True)

    return note
