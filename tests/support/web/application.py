"""Runs ``fairstream web`` in a process of its own, and opens its pages over HTTP."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from stream_app.edges.host.processes import BoundProcess
from tests.support.paths import ROOT
from tests.support.web.pages import PASSWORD

_ADDRESS = re.compile(r"Web application on (http://\S+)")
_LINK = re.compile(r"within 24 hours:\s+(http://\S+)")
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_WAIT_S = 300.0


@dataclass
class Application:
    """One web application with its state folder.

    Attributes:
        folder: Its state folder, with its log.
        environ: Its settings.
        address: Where its pages are, while it runs.
    """

    folder: Path
    environ: dict[str, str]
    address: str = ""
    _opener: object = field(default_factory=lambda: build_opener(HTTPCookieProcessor(CookieJar())))

    @property
    def log(self) -> str:
        return (self.folder / "web.log").read_text("utf-8")

    @contextmanager
    def run(self, **environ: str) -> Iterator[BoundProcess]:
        """Run it until the block ends."""
        path = self.folder / "web.log"
        path.write_text("", "utf-8")
        settings = {**os.environ, **self.environ, "FAIRSTREAM_STATE": str(self.folder), "FAIRSTREAM_WEB_PORT": "0"}
        command = [sys.executable, "-m", "stream_app", "web"]
        with BoundProcess(command, path, env=settings | environ) as process:
            wait_until("the pages", lambda: _ADDRESS.search(self.log) is not None, self.log_tail)
            found = _ADDRESS.search(self.log)
            assert found is not None
            self.address = found[1]
            yield process

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``fairstream web`` with arguments to its end."""
        return subprocess.run(
            [sys.executable, "-m", "stream_app", "web", *arguments],
            env={**os.environ, **self.environ, "FAIRSTREAM_STATE": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            cwd=ROOT,
        )

    def log_tail(self) -> str:
        return self.log[-3000:]

    def become_administrator(self) -> None:
        """Redeem the printed link and log in."""
        wait_until("the link", lambda: _LINK.search(self.log) is not None, self.log_tail)
        found = _LINK.search(self.log)
        assert found is not None
        self.send(found[1], username="ada", password=PASSWORD, repeated=PASSWORD)
        self.send(f"{self.address}/login", username="ada", password=PASSWORD)

    def send(self, address: str, **values: str) -> str:
        """Fill in the form of a page and return the page that follows."""
        token = _TOKEN.search(self.page(address))
        assert token is not None
        body = urlencode({**values, "csrfmiddlewaretoken": token[1]}).encode()
        return self.page(address, body)

    def page(self, address: str, body: bytes | None = None) -> str:
        """Return the text of a page, also that of an error."""
        try:
            with self._opener.open(address, body, timeout=120) as answer:  # type: ignore[attr-defined]  # an opener
                return str(answer.read().decode())
        except HTTPError as error:
            with error:
                return error.read().decode()


def wait_until(what: str, is_so: Callable[[], bool], tell: Callable[[], str] = str) -> None:
    """Poll until something is true.

    Raises:
        AssertionError: it did not become true in time.
    """
    deadline = time.monotonic() + _WAIT_S
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError(f"Not in {_WAIT_S:g} s: {what}\n{tell()}")
        time.sleep(0.05)
