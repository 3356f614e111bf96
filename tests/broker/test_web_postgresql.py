"""Replays, registered policies and the store of the web application on a real PostgreSQL: its unit tests, run there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.paths import ROOT
from tests.support.servers.postgresql import open_postgresql

FILES = ("test_replays.py", "test_policy_comparison.py", "test_store.py")
TESTS = (
    *(f"tests/unit/web_app/{name}" for name in FILES),
    # Text that SQLite stores and PostgreSQL rejects.
    "tests/unit/web_app/test_token_pages.py::test_nobody_but_its_owner_and_administrators_sees_or_ends_a_token",
)


@pytest.mark.timeout(900)
def test_what_holds_on_sqlite_holds_on_postgresql() -> None:
    with open_postgresql() as address:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *TESTS],
            env={**os.environ, "WEB_TEST_DATABASE_URL": address},
            capture_output=True,
            text=True,
            timeout=840,
            check=False,
            cwd=ROOT,
        )
    assert done.returncode == 0, done.stdout[-3000:]
