"""Pushes metrics and alerts in threads of their own: no lane ever waits for a collector.

What a collector does not accept is tried again for some seconds (``OTEL_EXPORTER_OTLP_TIMEOUT``), then dropped and
counted. A dropped snapshot costs nothing, as the next one has all counts; dropped alerts are still in
``fairness-alerts``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from threading import Event, Thread
from typing import NamedTuple, Protocol

from prometheus_client import CollectorRegistry, Metric

from stream_app.edges.otlp.alert_queue import AlertQueue, ReportedAlert
from stream_app.edges.otlp.options import OtlpOptions
from stream_app.extras import import_extra
from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.disclosure.sealing import sealed_notice
from stream_app.pipeline.judge.report import JudgeReport
from stream_app.pipeline.names import model_of

SIGNALS = ("metrics", "logs")
_METRICS, _LOGS = SIGNALS
_STOP_WITHIN_S = 2.0

log = logging.getLogger(__name__)

OnPushed = Callable[[str, int, bool], None]  # signal, number of snapshots or alerts, whether they were delivered


class SnapshotSender(Protocol):
    """Sends snapshots of the metrics."""

    def send(self, families: Iterable[Metric], /) -> bool:
        """Send one; return whether it was accepted."""

    def close(self) -> None:
        """End a retry that is waiting, and the connection."""


class AlertSender(Protocol):
    """Sends alerts."""

    def send(self, alerts: Sequence[ReportedAlert], /) -> bool:
        """Send some; return whether they were accepted."""

    def close(self) -> None:
        """End a retry that is waiting, and the connection."""


class OtlpSenders(NamedTuple):
    """The way to the collector.

    Attributes:
        metrics: Sends metrics; None where they are not pushed.
        alerts: Sends alerts; None likewise.
    """

    metrics: SnapshotSender | None
    alerts: AlertSender | None


def load_senders(options: OtlpOptions, instance: str) -> OtlpSenders:
    """Return what sends to the collector that the ``OTEL_*`` variables name; nothing is sent yet.

    Args:
        options: What is pushed.
        instance: What Prometheus would call ``instance``, ``host:port``.

    Raises:
        DependencyMissingError: the extra ``otlp`` is not installed.
    """
    for module in ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"):
        import_extra(module, "An OTLP push", or_else="set OTEL_SDK_DISABLED=true")
    from stream_app.edges.otlp.exporters import AlertExporter, MetricExporter, describe_process  # noqa: PLC0415

    resource = describe_process(instance)
    return OtlpSenders(
        MetricExporter(resource) if options.pushes_metrics else None,
        AlertExporter(resource) if options.pushes_alerts else None,
    )


class OtlpPush:
    """Pushes from its start until it is stopped.

    Args:
        options: How often, and how much may wait.
        senders: The way to the collector.
        registry: The metrics.
        on_pushed: Called from other threads with what was delivered or dropped.
    """

    def __init__(
        self, options: OtlpOptions, senders: OtlpSenders, registry: CollectorRegistry, on_pushed: OnPushed
    ) -> None:
        self._options, self._registry, self._on_pushed = options, registry, on_pushed
        self._queue = AlertQueue(options.max_queued)
        self._takes_alerts = senders.alerts is not None
        self._is_delivered = dict.fromkeys(SIGNALS, True)
        self._loops: list[_Loop] = []
        if (metrics := senders.metrics) is not None:
            push = partial(self._push_snapshot, metrics)
            self._loops.append(_Loop(_METRICS, options.metrics_every_s, push, metrics.close))
        if (alerts := senders.alerts) is not None:
            push = partial(self._push_alerts, alerts)
            self._loops.append(_Loop(_LOGS, options.alerts_every_s, push, alerts.close))

    def start(self) -> None:
        """Start to push."""
        for loop in self._loops:
            self._on_pushed(loop.name, 0, True)
            self._on_pushed(loop.name, 0, False)
            loop.start()

    def judged(self, report: JudgeReport) -> None:
        """Take in the alerts of a committed transaction, with disclosure control applied; return at once."""
        if not self._takes_alerts:
            return
        now_s = time.time()
        for name, model in report.models.items():
            policy = report.policies[model_of(name)]
            if policy.sealing is not None and policy.sealing.scope == "everywhere":
                alerts = [ReportedAlert(sealed_notice(alert), now_s) for alert in model.clear_alerts()]
            else:
                alerts = [ReportedAlert(disclose_alert(alert, policy.privacy.k), now_s) for alert in model.alerts]
                alerts += [ReportedAlert(restart, now_s) for restart in model.restarts]
            if n_dropped := self._queue.add(alerts):
                self._on_pushed(_LOGS, n_dropped, False)

    def stop(self) -> None:
        """Push a last time, if the collector answers within two seconds, and end."""
        end_s = time.monotonic() + _STOP_WITHIN_S
        for loop in self._loops:
            loop.stopping.set()
        for loop in self._loops:
            loop.join(max(0.0, end_s - time.monotonic()))
            loop.close()

    def _push_snapshot(self, sender: SnapshotSender) -> None:
        self._deliver(_METRICS, 1, lambda: sender.send(self._registry.collect()))

    def _push_alerts(self, sender: AlertSender) -> None:
        while alerts := self._queue.take(self._options.max_batch):
            self._deliver(_LOGS, len(alerts), partial(sender.send, alerts))

    def _deliver(self, signal: str, n: int, send: Callable[[], bool]) -> None:
        try:
            is_delivered = send()
        except Exception:  # the thread must live, whatever a library raises
            log.exception("The OTLP push failed: signal=%s", signal)
            is_delivered = False
        self._on_pushed(signal, n, is_delivered)
        if is_delivered != self._is_delivered[signal]:
            self._is_delivered[signal] = is_delivered
            if is_delivered:
                log.info("The OTLP collector accepts again: signal=%s", signal)
            else:
                log.warning("The OTLP collector does not accept, dropping: signal=%s", signal)


class _Loop(Thread):
    """Does something again and again, and a last time when it is stopped.

    Attributes:
        stopping: Set it to end the loop.
        close: Ends what it waits for.
    """

    def __init__(self, signal: str, every_s: float, push: Callable[[], None], close: Callable[[], None]) -> None:
        super().__init__(name=signal, daemon=True)
        self._every_s, self._push, self.close = every_s, push, close
        self.stopping = Event()

    def run(self) -> None:
        """Push until stopped."""
        is_last = False
        while not is_last:
            is_last = self.stopping.wait(self._every_s)
            self._push()
