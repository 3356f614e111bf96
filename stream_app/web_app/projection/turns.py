"""Lets everybody else write to SQLite between two runs: a login must not wait until a long history is stored.

SQLite has one writer at a time and no queue: who waits for the lock asks again every 100 ms at most. A reader that
stores one run after the other without a pause leaves no moment in which anybody finds it free.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_PAUSE_S = 0.12  # longer than the 100 ms between two attempts of who waits
_LOCK = threading.Lock()  # the topics are stored one after the other, or one would fill the pause of the other


@contextmanager
def turn() -> Iterator[None]:
    """Write in the block, which stores one run; on SQLite, pause after it. PostgreSQL needs neither."""
    if connection.vendor != "sqlite":
        yield
        return
    with _LOCK:
        yield
        time.sleep(_PAUSE_S)
