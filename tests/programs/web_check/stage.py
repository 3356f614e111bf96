"""A running demo, and a headless browser that has logged in to its web application."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
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
from stream_app.policy import load_policy, read_policy_text

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_ADDRESS = re.compile(r"^Web application on (http://\S+)/demo\n  log in as demo with the password (\S+)$", re.MULTILINE)
_KAFKA = re.compile(r"^ +Kafka +(\S+)$", re.MULTILINE)
_POLL_S = 0.1
START_S = 300.0
GOAL_S = 10.0  # from the result in Kafka to the page
_BUSY_S = 240.0  # for a login, which hashes a password, on a machine that does other things too
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
        folder: State folder of the application.
        policy_text: The policy of the demo, TOML.
        goal_s: How soon the page must follow.
        faults: What the browser has reported: errors of scripts, blocked content, requests to other hosts.
        people: Pages of the users who work on a case.
        by_role: Pages of further users.
    """

    browser: Browser
    page: Page
    address: str
    password: str
    results: list[tuple[float, Result]]
    window_s: int
    folder: Path
    policy_text: str
    goal_s: float = GOAL_S
    faults: list[str] = field(default_factory=list)
    people: list[Page] = field(default_factory=list)
    by_role: dict[str, Page] = field(default_factory=dict)

    def log_in(self, page: Page, path: str = "/demo", name: str = "demo", password: str = "") -> None:
        """Open a page by way of the login."""
        page.goto(self.address + path)
        page.fill("#id_username", name)
        page.fill("#id_password", password or self.password)
        page.click("main button[type=submit]")
        page.wait_for_url(self.address + path, wait_until="domcontentloaded")

    def open_page(self, **options: Any) -> Page:
        """Open a page of a browser without cookies, whose faults are noted."""
        page = self.browser.new_context(**options).new_page()
        page.set_default_timeout(_BUSY_S * 1000)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("request", lambda request: self._check_address(request.url))
        return page

    def page_of_new_user(self, name: str, role: str) -> Page:
        """Return the page of a new user, who sets a password by a one-time link and logs in."""
        command = [sys.executable, "-m", "stream_app", "web", "create-user", name, "--role", role]
        environ = {**os.environ, "FAIRSTREAM_STATE": str(self.folder), "FAIRSTREAM_WEB_URL": self.address}
        made = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=_BUSY_S, check=True)
        link = next(word for word in made.stdout.split() if "/welcome/" in word)
        page, password = self.open_page(viewport={"width": WIDE, "height": _HEIGHT}), secrets.token_urlsafe()
        page.goto(link)
        for label in ("#id_password", "#id_repeated"):
            page.fill(label, password)
        page.click("main button[type=submit]")
        self.log_in(page, "/", name, password)
        return page

    def page_of(self, role: str) -> Page:
        """Return the page of a user with a role, who is made at the first call."""
        if role not in self.by_role:
            self.by_role[role] = self.page_of_new_user(f"the-{role}", role)
        return self.by_role[role]

    def model(self) -> str:
        """Return the name of the model that the page of the demo is about."""
        href = self.page.get_attribute("#details", "href") or ""
        return href.removeprefix("/models/").partition("?")[0]

    def _note(self, kind: str, text: str) -> None:
        if kind == "error" and not {"404", "403"} & {
            *text.split()
        }:  # pages that are not there, or forbidden, are looked at
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
        folder: For the demo and its log.
        browser_path: Path of a Chromium.
        arguments: Of ``fairstream demo``.
        policy: Name or file of its policy.

    Raises:
        RuntimeError: the demo did not start.
    """
    log = folder / "demo.log"
    window_s = min(window.size_s for window in load_policy(policy).models[0].windows)
    state = folder / "demo"
    arguments = ("--json", "--start-timeout", str(START_S), "--policy", policy, "--state-dir", str(state), *arguments)
    command = [sys.executable, "-m", "stream_app", "demo", *arguments]
    with BoundProcess(command, log) as demo:

        def has_ended_or_serves() -> bool:
            return demo.exit_code() is not None or _ADDRESS.search(log.read_text("utf-8")) is not None

        wait_for("the web application", has_ended_or_serves, START_S)
        text = log.read_text("utf-8")
        found, kafka = _ADDRESS.search(text), _KAFKA.search(text)
        if found is None or kafka is None:
            raise RuntimeError(text[-2000:])
        (place,) = state.glob("demo-*")
        private = place / "policy.toml"  # with names of its own, on a broker that others use too
        policy_text = private.read_text("utf-8") if private.exists() else read_policy_text(policy)
        results: list[tuple[float, Result]] = []
        threading.Thread(target=_follow, args=(kafka[1], results), daemon=True).start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path)
            stage = Stage(
                browser, browser.new_page(), found[1], found[2], results, window_s, place / "web", policy_text
            )
            stage.page = stage.open_page(viewport={"width": WIDE, "height": _HEIGHT})
            yield stage
            browser.close()


def _follow(kafka: str, results: list[tuple[float, Result]]) -> None:
    results.extend((time.time(), result) for result in open_results(kafka).follow())
