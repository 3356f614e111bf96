"""A PostgreSQL of its own, which ends with the block: Debian's, or the one on ``PATH``."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stream_app.edges.host.ports import free_port
from tests.support.tiers import skip_or_fail

_USER = "postgres"  # of Debian's package


@dataclass(frozen=True)
class Postgresql:
    """A server that can be stopped and started again.

    Attributes:
        address: Of its database.
    """

    address: str
    _call: Callable[..., None]
    _options: str

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._call("pg_ctl", "--log", "log", "--wait", "-o", self._options, "start")

    def stop(self) -> None:
        """Stop it at once, as a crash does."""
        self._call("pg_ctl", "--mode", "immediate", "--wait", "stop")


@contextmanager
def open_postgresql() -> Iterator[str]:
    """Yield the address of an empty database."""
    with run_postgresql() as server:
        yield server.address


@contextmanager
def run_postgresql() -> Iterator[Postgresql]:
    """Yield a server with an empty database."""
    bin_dir = _programs()
    with tempfile.TemporaryDirectory(prefix="fairstream-postgresql-") as name:
        folder, run_as = Path(name), _unprivileged()
        if run_as:
            shutil.chown(folder, _USER)

        def call(program: str, *arguments: str) -> None:
            command = [*run_as, str(bin_dir / program), "--pgdata", str(folder / "data"), *arguments]
            subprocess.run(command, check=True, timeout=240, cwd=folder, stdout=subprocess.DEVNULL)

        port = free_port()
        call("initdb", "--username", "fairstream", "--auth", "trust", "--no-sync")
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off"
        server = Postgresql(f"postgresql://fairstream@127.0.0.1:{port}/postgres", call, options)
        server.start()
        try:
            yield server
        finally:
            server.stop()


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
