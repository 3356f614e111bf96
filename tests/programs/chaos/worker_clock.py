"""The wall clock of the workers, which jumps as after a restored virtual machine or a wrong time server."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from pathlib import Path

MISSING = "libfaketime is not installed (apt-get install libfaketime)"
_LIBRARIES = ("/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime", "/usr/lib/faketime")
_JUMPS_S = (-900, 900)


class WorkerClock:
    """Shifts the wall clock of processes that are started with ``environ``; their monotonic clock stays right.

    Args:
        offset_file: From which libfaketime reads the shift.
    """

    def __init__(self, offset_file: Path) -> None:
        self._offset_file = offset_file
        found = [Path(folder) / "libfaketimeMT.so.1" for folder in _LIBRARIES]
        self._library = next((path for path in found if path.exists()), None)
        self._write(0)

    @property
    def is_there(self) -> bool:
        """Whether libfaketime is installed."""
        return self._library is not None

    @property
    def environ(self) -> Mapping[str, str]:
        """What a process needs for it; nothing without libfaketime."""
        if self._library is None:
            return {}
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._offset_file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def jump(self, draws: random.Random, seconds: float) -> None:
        """Be wrong by a quarter of an hour for a while, in one direction or the other."""
        self._write(draws.choice(_JUMPS_S))
        time.sleep(seconds)
        self._write(0)

    def _write(self, offset_s: int) -> None:
        written = self._offset_file.with_suffix(".new")
        written.write_text(f"{offset_s:+d}\n", "utf-8")
        written.replace(self._offset_file)
