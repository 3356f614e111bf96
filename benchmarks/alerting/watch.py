"""Prometheus, Alertmanager and a sink with the shipped files, and what each of them saw when."""

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
_BREACH = 3  # of fairstream_alert_level


class Subject(NamedTuple):
    """What an alert is about."""

    model: str
    attribute: str
    kind: str

    def selector(self) -> str:
        """Return the matchers of PromQL."""
        return ",".join(f'{name}="{value}"' for name, value in self._asdict().items())


class Sink:
    """What was told, and when it came first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._first: dict[Subject, tuple[float, Notification]] = {}

    def take(self, notification: Notification) -> None:
        """Take a notification; called from the threads of the server."""
        now_s = time.time()
        told = [one.labels for one in notification.alerts if one.status == FIRING]
        subjects = [Subject(*map(one.__getitem__, Subject._fields)) for one in told if one["alertname"] == _ALERT]
        with self._lock:
            for subject in subjects:
                self._first.setdefault(subject, (now_s, notification))

    def delivered_s(self, subject: Subject) -> float | None:
        """Return when the breach was told first; None when it was not yet."""
        with self._lock:
            found = self._first.get(subject)
        return found[0] if found else None

    def text(self, subject: Subject) -> str:
        """Return the first notification about a subject as a person reads it."""
        with self._lock:
            at_s, notification = self._first[subject]
        return describe_notification(notification, at_s)


class Watch:
    """The running servers.

    Attributes:
        sink: What was told.
    """

    def __init__(self, prometheus: LocalPrometheus, sink: Sink) -> None:
        self.sink = sink
        self._prometheus = prometheus

    def scraped_s(self, subject: Subject) -> float:
        """Return the time of the first scrape that showed the breach."""
        return self._first_sample_s(f"fairstream_alert_level{{{subject.selector()}}}", at_least=_BREACH)

    def firing_s(self, subject: Subject) -> float:
        """Return the time of the evaluation with which the alert fired."""
        series = f'ALERTS{{alertname="{_ALERT}",alertstate="firing",{subject.selector()}}}'
        return self._first_sample_s(series, at_least=1)

    def _first_sample_s(self, series: str, at_least: float) -> float:
        found = self._prometheus.query(f"{series}[{_LOOK_BACK}]")
        return min(float(at_s) for one in found for at_s, value in one["values"] if float(value) >= at_least)


@contextmanager
def open_watch(folder: Path, worker: str, pace: MonitoringIntervals | None) -> Iterator[Watch]:
    """Start the three beside a worker; end them with the block.

    Args:
        folder: For files, data and logs.
        worker: Address of the metrics, ``host:port``.
        pace: Times; None for the shipped ones.
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
        yield Watch(parts.enter_context(prometheus), sink)
