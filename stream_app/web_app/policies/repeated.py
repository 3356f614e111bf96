"""Does something again and again, in a thread of its own, beside the pages."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connection

_STOP_S = 5.0


class Repeated:
    """A thread that does one thing, waits, and does it again.

    Args:
        name: Of the thread.
        every_s: Seconds between two times.
        do: What is done; it raises nothing.
    """

    def __init__(self, name: str, every_s: float, do: Callable[[], None]) -> None:
        self._every_s, self._do = every_s, do
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what waits for a broker ends with the process."""
        self._stopping.set()
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._do()
            connection.close()
            self._stopping.wait(self._every_s)
