"""A login does not wait until a long history is stored: SQLite has one writer at a time, and no queue."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

from stream_app.edges.host.processes import BoundProcess
from tests.support.paths import ROOT
from tests.support.web.application import wait_until

N_WRITES = 3
WAIT_S = 20.0  # as long as the application waits for the lock


def n_runs(database: Path) -> int:
    """Return how many runs were stored."""
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as base:
            row = base.execute("SELECT next_offset FROM projection_topicpartition").fetchone()
    except sqlite3.OperationalError:  # the tables are not there yet
        return 0
    return 0 if row is None else int(row[0]) // 200


def has_more_than(database: Path, n: int) -> bool:
    return n_runs(database) > n


def test_others_write_while_a_long_history_is_stored(tmp_path: Path) -> None:
    database, log = tmp_path / "web.sqlite3", tmp_path / "history.log"
    command = [sys.executable, "-m", "tests.support.web.long_history", str(tmp_path)]
    with BoundProcess(command, log, env={**os.environ, "PYTHONPATH": str(ROOT)}):
        wait_until("some of it is stored", partial(has_more_than, database, 1), partial(log.read_text, "utf-8"))
        for _ in range(N_WRITES):
            before = n_runs(database)
            wait_until("more is stored", partial(has_more_than, database, before))
            with closing(sqlite3.connect(database, timeout=WAIT_S, isolation_level=None)) as base:
                base.execute("BEGIN IMMEDIATE")  # or: database is locked
                base.execute("COMMIT")
