"""Runs a monitoring server as a child process, from the search on PATH to a clean end."""

from __future__ import annotations

import shutil
import time
import urllib.request
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

from stream_app.edges.files.writing import make_folder
from stream_app.edges.host.ports import HOST, free_port
from stream_app.edges.host.processes import BoundProcess
from stream_app.errors import DependencyMissingError, FairStreamError

_START_TRIES = 3  # another program may take the port before the server starts
_POLL_S = 0.05
_REQUEST_TIMEOUT_S = 2.0
_LOG_TAIL_LINES = 15
_PORT_TAKEN = "address already in use"


def find_program(*names: str) -> str | None:
    """Return the path of the first program of these names on PATH; None if there is none."""
    return next(filter(None, map(shutil.which, names)), None)


class LocalServer(ABC):
    """One server with a folder of its own; its address is known before it starts.

    Args:
        name: Its name in messages.
        programs: Names under which it may be installed.
        package: Debian package that contains it.
        state_dir: Folder for files, data and log; created when missing.
        start_timeout_s: Maximum time for a start.

    Attributes:
        state_dir: The folder.
        log_path: Its output.
    """

    def __init__(
        self, name: str, programs: tuple[str, ...], package: str, state_dir: Path, start_timeout_s: float = 60.0
    ) -> None:
        self.state_dir = state_dir.absolute()
        self.log_path = self.state_dir / f"{name}.log"
        self._name, self._programs, self._package = name, programs, package
        self._start_timeout_s = start_timeout_s
        self._port = free_port()
        self._process: BoundProcess | None = None

    @property
    def address(self) -> str:
        """``host:port``. The port may change with the start, if it was taken in the meantime."""
        return f"{HOST}:{self._port}"

    @property
    def url(self) -> str:
        """Address for a browser."""
        return f"http://{self.address}"

    def start(self) -> Self:
        """Start the server and wait until it is ready.

        Raises:
            DependencyMissingError: it is not installed.
            FairStreamError: it did not start, with the end of its log.
        """
        program = find_program(*self._programs)
        if program is None:
            raise DependencyMissingError(f"{self._programs[0]} is not installed", action=f"apt install {self._package}")
        make_folder(self.state_dir)
        for is_last_try in [False] * (_START_TRIES - 1) + [True]:
            self._process = BoundProcess([program, *self.arguments()], self.log_path)
            if self._wait_until_ready():
                return self
            self.stop()
            if is_last_try or _PORT_TAKEN not in self._log():
                break
            self._port = free_port()
        raise FairStreamError(f"{self._name} did not start. The end of its log:\n{self.log_tail()}")

    @abstractmethod
    def arguments(self) -> list[str]:
        """Write the server's files for its current port and return its arguments."""

    def stop(self) -> None:
        """End the server cleanly; harmless if it does not run."""
        if self._process:
            self._process.stop()
            self._process = None

    def exit_code(self) -> int | None:
        """Return the exit code of a server that ended by itself; None while it runs or after a stop."""
        return self._process.exit_code() if self._process else None

    def log_tail(self) -> str:
        """Return the last lines of its output."""
        return "\n".join(self._log().splitlines()[-_LOG_TAIL_LINES:])

    def ask(self, path: str) -> bytes | None:
        """Return the answer of the server to a GET; None if it does not answer with 200."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=_REQUEST_TIMEOUT_S) as answer:  # noqa: S310  # our own
                body: bytes = answer.read()
                return body
        except OSError:
            return None

    def is_ready(self) -> bool:
        """Return whether it can serve requests."""
        return self.ask("/-/ready") is not None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _log(self) -> str:
        return self.log_path.read_text("utf-8", "replace") if self.log_path.exists() else ""

    def _wait_until_ready(self) -> bool:
        deadline = time.monotonic() + self._start_timeout_s
        while self.exit_code() is None and time.monotonic() < deadline:
            if self.is_ready():
                return True
            time.sleep(_POLL_S)
        return False
