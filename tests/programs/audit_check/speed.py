"""How fast entries are appended, durably, and verified."""

from __future__ import annotations

import time
from pathlib import Path

from stream_app.core.audit.entries import NewEntry, Source
from stream_app.edges.audit.log import AuditLog
from tests.support.audit_logs import KEY, WrittenLog

_BATCH = 1000


def measure(folder: Path, n: int) -> tuple[float, float]:
    """Return entries appended and verified in a second.

    Args:
        folder: For a new log.
        n: Number of entries.
    """
    entries = [
        NewEntry(
            type="alert",
            actor="fairstream-audit",
            data={"model": "loans", "test": "ratio", "change": "breach", "at_s": number, "policy_hash": "0" * 16},
            source=Source(log="fairness-alerts", offset=number),
        )
        for number in range(n)
    ]
    log, started = AuditLog(folder, KEY), time.perf_counter()
    for first in range(0, n, _BATCH):
        log.append(entries[first : first + _BATCH])
    log.checkpoint()
    appended_s = time.perf_counter() - started
    started = time.perf_counter()
    report = WrittenLog(folder).verify()
    return n / appended_s, report.n_entries / (time.perf_counter() - started)
