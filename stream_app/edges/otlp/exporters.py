"""The exporters of the OpenTelemetry SDK, which read endpoint, headers, certificates and the rest from ``OTEL_*``."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import prometheus_client
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.sdk.metrics.export import MetricExportResult, MetricsData, ResourceMetrics, ScopeMetrics
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from stream_app import __version__
from stream_app.edges.otlp.alert_logs import alert_log
from stream_app.edges.otlp.alert_queue import ReportedAlert
from stream_app.edges.otlp.metric_points import metric_points

_SCOPE = InstrumentationScope("fairstream", __version__)


class MetricExporter:
    """Sends snapshots of the metrics.

    Args:
        resource: What the metrics are about.
    """

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._exporter = OTLPMetricExporter()
        self._started_ns = time.time_ns()

    def send(self, families: Iterable[prometheus_client.Metric]) -> bool:
        """Send a snapshot, with retries; return whether the collector accepted it."""
        metrics = list(metric_points(families, self._started_ns, time.time_ns()))
        scope = ScopeMetrics(_SCOPE, metrics, "")
        data = MetricsData([ResourceMetrics(self._resource, [scope], self._resource.schema_url)])
        return self._exporter.export(data) is MetricExportResult.SUCCESS

    def close(self) -> None:
        """End a retry that is waiting, and the connection."""
        self._exporter.shutdown()


class AlertExporter:
    """Sends alerts as log records.

    Args:
        resource: What they are about.
    """

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._exporter = OTLPLogExporter()

    def send(self, alerts: Sequence[ReportedAlert]) -> bool:
        """Send alerts, with retries; return whether the collector accepted them."""
        records = [ReadableLogRecord(alert_log(alert), self._resource, _SCOPE) for alert in alerts]
        return self._exporter.export(records) is LogRecordExportResult.SUCCESS

    def close(self) -> None:
        """End a retry that is waiting, and the connection."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # the SDK's


def describe_process(instance: str) -> Resource:
    """Return the resource of this process; ``OTEL_RESOURCE_ATTRIBUTES`` and ``OTEL_SERVICE_NAME`` come first.

    Args:
        instance: What Prometheus would call ``instance``, ``host:port``.
    """
    defaults = {"service.name": "fairstream", "service.version": __version__, "service.instance.id": instance}
    return Resource.create(defaults | dict(OTELResourceDetector().detect().attributes))
