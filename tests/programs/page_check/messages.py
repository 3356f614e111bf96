"""Notifications as they arrive at a sink, and as the shipped templates render them."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import msgspec

from stream_app.edges.notify.notification import Notification
from stream_app.edges.notify.server import NotificationServer
from stream_app.edges.servers.alertmanager import LocalAlertmanager
from stream_app.edges.servers.prometheus import LocalPrometheus
from stream_app.edges.servers.shipped import MonitoringIntervals, alertmanager_dir


class Message(NamedTuple):
    """A notification and when it arrived, seconds since the epoch."""

    at_s: float
    notification: Notification


class Inbox:
    """Everything that arrived, without the Watchdog."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._messages: list[Message] = []

    def take(self, notification: Notification) -> None:
        """Take a notification; called from the threads of the server."""
        if not notification.is_watchdog:
            with self._lock:
                self._messages.append(Message(time.time(), notification))

    def messages(self) -> list[Message]:
        """Return the messages so far, oldest first."""
        with self._lock:
            return list(self._messages)


@contextmanager
def open_inbox(folder: Path, worker: str, pace: MonitoringIntervals | None) -> Iterator[Inbox]:
    """Monitor a worker with the shipped files, and receive what a person would receive.

    Args:
        folder: For files, data and logs.
        worker: Address of the metrics, ``host:port``.
        pace: Intervals; None for the shipped ones.
    """
    inbox = Inbox()
    with ExitStack() as parts:
        server = NotificationServer(inbox.take)
        server.start()
        parts.callback(server.stop)
        url = server.base_url
        alertmanager = parts.enter_context(LocalAlertmanager(folder / "alertmanager", sink_url=url, pace=pace))
        prometheus = LocalPrometheus(
            folder / "prometheus", workers=[worker], alertmanager=alertmanager.address, sink_url=url, pace=pace
        )
        parts.enter_context(prometheus)
        yield inbox


def render(notification: Notification, folder: Path) -> str:
    """Put a notification through the shipped template for mail, with Alertmanager's own tool."""
    data = folder / "notification.json"
    data.write_bytes(json.dumps(msgspec.to_builtins(notification) | {"externalURL": "http://127.0.0.1:9093"}).encode())
    command = [
        *("amtool", "template", "render", f"--template.glob={alertmanager_dir() / 'templates' / '*.tmpl'}"),
        *(f"--template.data={data}", '--template.text={{ template "fairstream.text" . }}'),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
