"""A PostgreSQL of its own, which ends with the block: Debian's, or the one on ``PATH``."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stream_app.edges.host.ports import free_port
from tests.support.tiers import skip_or_fail

_USER = "postgres"  # of Debian's package


@contextmanager
def open_postgresql() -> Iterator[str]:
    """Yield the address of an empty database."""
    bin_dir = _programs()
    with tempfile.TemporaryDirectory(prefix="fairstream-postgresql-") as name:
        folder, run_as = Path(name), _unprivileged()
        if run_as:
            shutil.chown(folder, _USER)

        def call(program: str, *arguments: str) -> None:
            command = [*run_as, str(bin_dir / program), "--pgdata", str(folder / "data"), *arguments]
            subprocess.run(command, check=True, timeout=60, cwd="/", stdout=subprocess.DEVNULL)

        port = free_port()
        call("initdb", "--username", "fairstream", "--auth", "trust", "--no-sync")
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off"
        call("pg_ctl", "--log", str(folder / "log"), "--wait", "-o", options, "start")
        try:
            yield f"postgresql://fairstream@127.0.0.1:{port}/postgres"
        finally:
            call("pg_ctl", "--mode", "immediate", "--wait", "stop")


def _programs() -> Path:
    found = shutil.which("initdb")
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found is None and not folders:
        skip_or_fail("No PostgreSQL for the tests. Install Debian's package postgresql")
    return max(folders) if found is None else Path(found).parent


def _unprivileged() -> list[str]:
    """Return what precedes a command so that it does not run as root, which PostgreSQL rejects."""
    if os.geteuid():
        return []
    account = pwd.getpwnam(_USER)
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
