"""A receiver of OTLP over HTTP that decodes the protobuf it gets, as a collector does."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Condition
from typing import Self

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from stream_app.edges.host.http_server import TEXT, HttpServer, QuietHandler

_TIMEOUT_S = 120.0
_HTTP = "http://127.0.0.1"
Row = tuple[str, tuple[tuple[str, str], ...]]  # name of a series as in Prometheus, and its labels


@dataclass
class Received:
    """What arrived.

    Attributes:
        metrics: Requests with metrics, in order.
        logs: Requests with log records.
        headers: Headers of each request.
        status: How the next requests are answered.
    """

    metrics: list[ExportMetricsServiceRequest] = field(default_factory=list)
    logs: list[ExportLogsServiceRequest] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    status: HTTPStatus = HTTPStatus.OK
    changed: Condition = field(default_factory=Condition)

    @property
    def log_records(self) -> list[LogRecord]:
        """All log records."""
        scopes = [scope for request in self.logs for one in request.resource_logs for scope in one.scope_logs]
        return [record for scope in scopes for record in scope.log_records]


class OtlpReceiver:
    """Listens on a free port while it is entered."""

    def __init__(self) -> None:
        self.received = Received()
        handler = type("Handler", (_Handler,), {"received": self.received})
        self._server = HttpServer(handler, "127.0.0.1", 0, purpose="otlp", port_setting="")

    @property
    def endpoint(self) -> str:
        """Value for ``OTEL_EXPORTER_OTLP_ENDPOINT``."""
        return f"{_HTTP}:{self._server.port}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def wait_for_metrics(self, n: int = 1) -> ExportMetricsServiceRequest:
        """Wait for further snapshots; return the last."""
        with self.received.changed:
            n += len(self.received.metrics)
            assert self.received.changed.wait_for(lambda: len(self.received.metrics) >= n, _TIMEOUT_S)
            return self.received.metrics[-1]

    def wait_for_logs(self, n: int) -> list[LogRecord]:
        """Wait until so many log records have arrived in all."""
        with self.received.changed:
            assert self.received.changed.wait_for(lambda: len(self.received.log_records) >= n, _TIMEOUT_S)
            return self.received.log_records


class _Handler(QuietHandler):
    received: Received
    allowed_methods = "POST"

    def do_POST(self) -> None:  # noqa: N802  # the base class looks for this name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        with self.received.changed:
            self.received.headers.append({name.lower(): value for name, value in self.headers.items()})
            if self.received.status is HTTPStatus.OK:
                match self.path:
                    case "/v1/metrics":
                        self.received.metrics.append(ExportMetricsServiceRequest.FromString(body))
                    case "/v1/logs":
                        self.received.logs.append(ExportLogsServiceRequest.FromString(body))
            self.received.changed.notify_all()
        self.send(self.received.status, TEXT, b"")


def metrics_of(request: ExportMetricsServiceRequest) -> list[Metric]:
    """Return the metrics of a request."""
    return [metric for one in request.resource_metrics for scope in one.scope_metrics for metric in scope.metrics]


def rows_of(request: ExportMetricsServiceRequest) -> dict[Row, float]:
    """Return every number of a request under the name and the labels that it has in Prometheus."""
    rows: dict[Row, float] = {}
    for metric in metrics_of(request):
        for point in (*metric.gauge.data_points, *metric.sum.data_points):
            rows[metric.name, labels_of(point.attributes)] = point.as_double
        for bars in metric.histogram.data_points:
            own = dict(labels_of(bars.attributes))
            rows[f"{metric.name}_count", tuple(sorted(own.items()))] = bars.count
            rows[f"{metric.name}_sum", tuple(sorted(own.items()))] = bars.sum
            total = 0
            for bound, n in zip([*map(float, bars.explicit_bounds), float("inf")], bars.bucket_counts, strict=True):
                total += n
                rows[f"{metric.name}_bucket", tuple(sorted((own | {"le": str(bound)}).items()))] = total
    return rows


def labels_of(attributes: object) -> tuple[tuple[str, str], ...]:
    """Return attributes with text values, by name."""
    pairs: list[KeyValue] = list(attributes)  # type: ignore[call-overload]  # a repeated field
    return tuple(sorted((pair.key, pair.value.string_value) for pair in pairs))
