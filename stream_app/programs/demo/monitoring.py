"""Prometheus, Alertmanager and a notification sink for a worker, with the shipped rules and routes.

A part that is not installed on this machine is left out and reported; the rest runs without it.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from stream_app.edges.notify.notification import Notification
from stream_app.edges.notify.server import NotificationServer
from stream_app.edges.servers.alertmanager import LocalAlertmanager
from stream_app.edges.servers.process import LocalServer
from stream_app.edges.servers.prometheus import LocalPrometheus
from stream_app.edges.servers.shipped import MonitoringIntervals, WebTarget, runbooks
from stream_app.errors import DependencyMissingError, FairStreamError

# Everything that delays a notification is short; how long a state must last before it is reported stays as shipped.
DEMO_PACE = MonitoringIntervals(hold_s=86_400)


@dataclass(frozen=True)
class NotificationDelivery:
    """A notification that arrived.

    Attributes:
        notification: The notification.
        received_s: When it arrived, seconds since the epoch.
    """

    notification: Notification
    received_s: float


class Monitoring:
    """The running monitoring, and the notifications that arrived.

    Args:
        addresses: URL of each part, or why it does not run; in display order.
        arrived: Filled by the sink.
        is_complete: Whether notifications can arrive.
    """

    def __init__(
        self, addresses: dict[str, str], arrived: queue.Queue[NotificationDelivery], *, is_complete: bool
    ) -> None:
        self.addresses = addresses
        self.is_complete = is_complete
        self._arrived = arrived

    def take_deliveries(self) -> Iterator[NotificationDelivery]:
        """Yield the notifications since the last call."""
        while True:
            try:
                yield self._arrived.get_nowait()
            except queue.Empty:
                return


@contextmanager
def open_monitoring(
    folder: Path, worker: str, web_url: str | None, *, note: Callable[[str], None], web: WebTarget | None = None
) -> Iterator[Monitoring]:
    """Start the installed parts; end them with the block.

    Args:
        folder: For files, data and logs.
        worker: Address of the metrics to scrape, ``host:port``.
        web_url: Address of the web application, for the links to cases; None where there is none.
        note: Called with one line about each part that was started or failed.
        web: The web application, which may start later; None without one.
    """
    arrived: queue.Queue[NotificationDelivery] = queue.Queue()

    def take(notification: Notification) -> None:
        if not notification.is_watchdog:
            arrived.put(NotificationDelivery(notification, time.time()))

    with ExitStack() as parts:
        sink = NotificationServer(take, runbooks=runbooks())
        sink.start()
        parts.callback(sink.stop)
        url = sink.base_url
        alertmanager = LocalAlertmanager(folder / "alertmanager", sink_url=url, pace=DEMO_PACE)
        states = {"Alertmanager": _try_start(parts, "Alertmanager", alertmanager, note)}
        prometheus = LocalPrometheus(
            folder / "prometheus",
            workers=[worker],
            alertmanager=alertmanager.address if states["Alertmanager"] == alertmanager.url else None,
            sink_url=url,
            pace=DEMO_PACE,
            web=web,
            web_url=web_url,
        )
        states = {"Prometheus": _try_start(parts, "Prometheus", prometheus, note)} | states
        is_complete = (states["Prometheus"], states["Alertmanager"]) == (prometheus.url, alertmanager.url)
        yield Monitoring(states | {"notifications": f"{url}/notify"}, arrived, is_complete=is_complete)


def _try_start(parts: ExitStack, name: str, server: LocalServer, note: Callable[[str], None]) -> str:
    """Start a server and return its address, or why it does not run."""
    started = time.monotonic()
    try:
        parts.enter_context(server)
    except DependencyMissingError as missing:
        return f"not installed: {missing.action}"
    except FairStreamError as error:
        note(str(error))
        return "did not start"
    note(f"{name} ready after {time.monotonic() - started:.1f} s")
    return server.url
