"""A running demo, and a headless browser that has logged in to its web application."""

from __future__ import annotations

import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from stream_app.edges.host.processes import BoundProcess
from stream_app.edges.kafka.readers.live_results import open_results
from stream_app.pipeline.records.results import Result
from stream_app.policy import load_policy

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_ADDRESS = re.compile(r"^Web application on (http://\S+)/demo\n  log in as demo with the password (\S+)$", re.MULTILINE)
_KAFKA = re.compile(r"^ +Kafka +(\S+)$", re.MULTILINE)
_POLL_S = 0.1
START_S = 180.0
WIDE, NARROW = 1280, 400
_HEIGHT = 900


@dataclass
class Stage:
    """What the claims look at.

    Attributes:
        browser: The browser.
        page: A page of the user ``demo``, once ``log_in`` was called.
        address: Where the application is.
        password: Of the user ``demo``.
        results: Results in the order in which they came, each with the time, seconds since the epoch.
        window_s: Width of the smallest window of the policy.
        faults: What the browser has reported: errors of scripts, blocked content, requests to other hosts.
    """

    browser: Browser
    page: Page
    address: str
    password: str
    results: list[tuple[float, Result]]
    window_s: int
    faults: list[str] = field(default_factory=list)

    def log_in(self, page: Page, path: str = "/demo") -> None:
        """Open a page by way of the login."""
        page.goto(self.address + path)
        page.fill("#id_username", "demo")
        page.fill("#id_password", self.password)
        page.click("main button[type=submit]")
        page.wait_for_url(self.address + path)  # and until it is loaded

    def open_page(self, **options: Any) -> Page:
        """Open a page of a browser without cookies, whose faults are noted."""
        page = self.browser.new_context(**options).new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("request", lambda request: self._check_address(request.url))
        return page

    def model(self) -> str:
        """Return the name of the model that the page of the demo is about."""
        href = self.page.get_attribute("#details", "href") or ""
        return href.removeprefix("/models/").partition("?")[0]

    def _note(self, kind: str, text: str) -> None:
        if kind == "error" and "404" not in text:  # a page that is not there is among those that are looked at
            self.faults.append(text)

    def _check_address(self, address: str) -> None:
        if not address.startswith((self.address, "data:")):
            self.faults.append(f"asks {address}")


def find_browser() -> str | None:
    """Return the path of a Chromium; None where there is none."""
    return next((path for name in _BROWSERS if (path := shutil.which(name)) is not None), None)


def wait_for(what: str, is_so: Callable[[], bool], timeout_s: float) -> str:
    """Poll until something is true; return what did not become true in time, or an empty text."""
    deadline = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > deadline:
            return f"not within {timeout_s:g} s: {what}"
        time.sleep(_POLL_S)
    return ""


@contextmanager
def open_stage(folder: Path, browser_path: str, arguments: Sequence[str], policy: str = "demo") -> Iterator[Stage]:
    """Run a demo and a browser until the block ends.

    Args:
        folder: For the log of the demo.
        browser_path: Path of a Chromium.
        arguments: Of ``fairstream demo``.
        policy: Name or file of its policy.

    Raises:
        RuntimeError: the demo did not start.
    """
    log = folder / "demo.log"
    window_s = min(window.size_s for window in load_policy(policy).models[0].windows)
    command = [sys.executable, "-m", "stream_app", "demo", "--json", "--policy", policy, *arguments]
    with BoundProcess(command, log) as demo:

        def has_ended_or_serves() -> bool:
            return demo.exit_code() is not None or _ADDRESS.search(log.read_text("utf-8")) is not None

        wait_for("the web application", has_ended_or_serves, START_S)
        text = log.read_text("utf-8")
        found, kafka = _ADDRESS.search(text), _KAFKA.search(text)
        if found is None or kafka is None:
            raise RuntimeError(text[-2000:])
        results: list[tuple[float, Result]] = []
        threading.Thread(target=_follow, args=(kafka[1], results), daemon=True).start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path)
            stage = Stage(browser, browser.new_page(), found[1], found[2], results, window_s)
            stage.page = stage.open_page(viewport={"width": WIDE, "height": _HEIGHT})
            yield stage
            browser.close()


def _follow(kafka: str, results: list[tuple[float, Result]]) -> None:
    results.extend((time.time(), result) for result in open_results(kafka).follow())
