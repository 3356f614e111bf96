"""The web application as its own user: everything that its pages need is read, and nothing is written."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from stream_app.edges.host.ports import free_port
from stream_app.edges.host.processes import BoundProcess

_CURRENT_S, _POLL_S = 240.0, 0.2


def faults_of_pages(environ: Mapping[str, str], folder: Path, token: str, model: str) -> list[str]:
    """Run the web application and return what it could not read.

    Args:
        environ: Its settings, with the connection of its user.
        folder: Its state folder.
        token: A token of the API.
        model: A model with results.
    """
    port = free_port()
    command = [sys.executable, "-m", "stream_app", "web", "run", "--web-port", str(port)]
    address, log = f"http://127.0.0.1:{port}", folder / "web.log"

    def asked(path: str) -> dict[str, object]:
        request = urllib.request.Request(f"{address}{path}", headers={"Authorization": f"Bearer {token}"})  # noqa: S310  # ours
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310  # our own
            found: dict[str, object] = json.load(answer)
            return found

    def is_current(path: str) -> bool:
        try:
            freshness = asked(path)["freshness"]
        except OSError:
            return False
        return isinstance(freshness, dict) and freshness["is_current"] is True

    with BoundProcess(command, log, env=dict(environ)):
        needed: dict[str, Callable[[], bool]] = {
            "results and alerts": lambda: is_current(f"/api/results?model={model}"),
            "rejected and late records": lambda: is_current(f"/api/quality?model={model}"),
            "registered policies": lambda: _has_policy(folder, model),
        }
        faults = [f"not read: {what}; {_tail(log)}" for what, is_so in needed.items() if not _soon(is_so)]
        if not faults and not asked(f"/api/results?model={model}")["items"]:
            faults.append("no result is shown")
    return faults


def _has_policy(folder: Path, model: str) -> bool:
    with closing(sqlite3.connect(f"file:{folder / 'web.sqlite3'}?mode=ro", uri=True)) as database:
        found = database.execute("SELECT count(*) FROM policies_registeredpolicy WHERE model = ?", [model])
        return bool(found.fetchone()[0])


def _soon(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _CURRENT_S
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _tail(log: Path) -> str:
    return log.read_text("utf-8")[-500:] if log.exists() else ""
