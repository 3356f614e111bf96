"""Prometheus, Alertmanager and a sink with the shipped files, and when each of them noticed a breach."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from stream_app.edges.notify.notification import FIRING, Notification, describe_notification
from stream_app.edges.notify.server import NotificationServer
from stream_app.edges.servers.alertmanager import LocalAlertmanager
from stream_app.edges.servers.prometheus import LocalPrometheus
from stream_app.edges.servers.shipped import MonitoringIntervals

_ALERT = "FairnessBreach"
_LOOK_BACK = "1h"
_BREACH = 3  # of fairstream_incident_level


class Subject(NamedTuple):
    """What an alert is about."""

    model: str
    attribute: str
    about: str

    def selector(self) -> str:
        """Return the matchers of PromQL."""
        return ",".join(f'{name}="{value}"' for name, value in self._asdict().items())


class Sink:
    """The notifications, and when each subject was reported first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._first: dict[Subject, tuple[float, Notification]] = {}

    def take(self, notification: Notification) -> None:
        """Take a notification; called from the threads of the server."""
        now_s = time.time()
        firing = [alert.labels for alert in notification.alerts if alert.status == FIRING]
        breaches = [labels for labels in firing if labels["alertname"] == _ALERT]
        subjects = [Subject(*map(labels.__getitem__, Subject._fields)) for labels in breaches]
        with self._lock:
            for subject in subjects:
                self._first.setdefault(subject, (now_s, notification))

    def delivered_s(self, subject: Subject) -> float | None:
        """Return when the breach was reported first; None if it was not yet."""
        with self._lock:
            first = self._first.get(subject)
        return first[0] if first else None

    def text(self, subject: Subject) -> str:
        """Return the text of the first notification about a subject."""
        with self._lock:
            at_s, notification = self._first[subject]
        return describe_notification(notification, at_s)


class MonitoringServers:
    """The running servers.

    Attributes:
        sink: The notifications.
    """

    def __init__(self, prometheus: LocalPrometheus, sink: Sink) -> None:
        self.sink = sink
        self._prometheus = prometheus

    def scraped_s(self, subject: Subject) -> float:
        """Return the time of the first scrape that showed the breach."""
        return self._first_sample_s(f"fairstream_incident_level{{{subject.selector()}}}", at_least=_BREACH)

    def firing_s(self, subject: Subject) -> float:
        """Return the time of the evaluation with which the alert fired."""
        series = f'ALERTS{{alertname="{_ALERT}",alertstate="firing",{subject.selector()}}}'
        return self._first_sample_s(series, at_least=1)

    def _first_sample_s(self, series: str, at_least: float) -> float:
        matrix = self._prometheus.query(f"{series}[{_LOOK_BACK}]")
        return min(float(at_s) for row in matrix for at_s, value in row["values"] if float(value) >= at_least)


@contextmanager
def open_servers(folder: Path, worker: str, pace: MonitoringIntervals | None) -> Iterator[MonitoringServers]:
    """Start the three servers for a worker; end them with the block.

    Args:
        folder: For files, data and logs.
        worker: Address of the metrics, ``host:port``.
        pace: Intervals; None for the shipped ones.
    """
    sink = Sink()
    with ExitStack() as parts:
        server = NotificationServer(sink.take)
        server.start()
        parts.callback(server.stop)
        url = server.base_url
        alertmanager = parts.enter_context(LocalAlertmanager(folder / "alertmanager", sink_url=url, pace=pace))
        prometheus = LocalPrometheus(
            folder / "prometheus", workers=[worker], alertmanager=alertmanager.address, sink_url=url, pace=pace
        )
        yield MonitoringServers(parts.enter_context(prometheus), sink)
