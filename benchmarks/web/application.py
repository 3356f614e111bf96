"""The web application in a process of its own, started and asked as operators do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stream_app.edges.host.processes import BoundProcess

_READY_S, _POLL_S = 60.0, 0.1


@contextmanager
def run_server(command: list[str], log: Path, address: str, environ: Mapping[str, str]) -> Iterator[BoundProcess]:
    """Run a server until the block ends; the block begins when an address of it answers with any status.

    Raises:
        TimeoutError: it does not; with the end of its log.
    """
    with BoundProcess([sys.executable, "-m", *command], log, env={**os.environ, **environ}) as process:
        deadline = time.monotonic() + _READY_S
        while not _answers(address):
            if process.exit_code() is not None or time.monotonic() > deadline:
                raise TimeoutError(f"{command[0]} does not answer\n{log.read_text('utf-8')[-2000:]}")
            time.sleep(_POLL_S)
        yield process


def create_token(environ: Mapping[str, str]) -> str:
    """Return a new token of a viewer."""
    command = [sys.executable, "-m", "stream_app", "web", "tokens", "create", "benchmark", "--role", "viewer"]
    done = subprocess.run(command, env={**os.environ, **environ}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):  # noqa: S310  # our own
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False
