"""Serves ``/metrics``, ``/livez`` and ``/readyz`` on a thread of their own, so that a busy event loop stays observable.

GET and HEAD only, three paths, no echo of the request, no version of the server. It binds to loopback by default:
without rules about access, only Prometheus should be able to reach it over the network. The two pages about health are
open in any case: a probe has no password.
"""

from __future__ import annotations

import re
from http import HTTPStatus

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from stream_app.edges.host.http_server import HttpServer, QuietHandler
from stream_app.edges.metrics.health import Health
from stream_app.edges.web.access import WebAccess

_JSON = "application/json"
_VERSIONS = re.compile(r"version=([^;,]*)", re.IGNORECASE)
_VERSION = re.compile(r"\s*[0-9]{1,3}(\.[0-9]{1,3}){2}\s*")


class MetricsServer(HttpServer):
    """Serves the metrics and the health of this process.

    Args:
        registry: The metrics that ``/metrics`` shows.
        health: The state that ``/livez`` and ``/readyz`` report.
        host: Address to bind to.
        port: Port; 0 chooses a free one.
        access: Who may read ``/metrics``; None for everybody.

    Raises:
        ConfigError: the address cannot be bound.
    """

    def __init__(
        self, registry: CollectorRegistry, health: Health, host: str, port: int, access: WebAccess | None = None
    ) -> None:
        handler = type("Handler", (_MetricsHandler,), {"registry": registry, "health": health})
        setting = "set FAIRSTREAM_METRICS_PORT"
        super().__init__(handler, host, port, purpose="metrics", port_setting=setting, access=access)


class _MetricsHandler(QuietHandler):
    registry: CollectorRegistry
    health: Health
    allowed_methods = "GET, HEAD"
    open_paths = frozenset({"/livez", "/readyz"})

    def do_GET(self) -> None:  # noqa: N802  # the base class looks for this name
        """Answer with a body."""
        match self.path.partition("?")[0]:
            case "/metrics":
                self._send_metrics()
            case "/livez":
                self._send_health(is_good=self.health.is_alive, reasons=[])
            case "/readyz":
                reasons = self.health.reasons
                self._send_health(is_good=not reasons, reasons=reasons)
            case _:
                self.send_error(HTTPStatus.NOT_FOUND)

    do_HEAD = do_GET  # noqa: N815  # the base class looks for this name

    def _send_metrics(self) -> None:
        accept = self.headers.get("Accept", "")
        # The library compares versions without looking at them, and repeats them in its answer.
        is_known = all(_VERSION.fullmatch(version) for version in _VERSIONS.findall(accept))
        encode, content_type = choose_encoder(accept if is_known else "")
        self.send(HTTPStatus.OK, content_type, encode(self.registry))

    def _send_health(self, *, is_good: bool, reasons: list[str]) -> None:
        status = HTTPStatus.OK if is_good else HTTPStatus.SERVICE_UNAVAILABLE
        body = {"ok": is_good, "silence_s": round(self.health.silence_s, 1), "waiting_for": reasons}
        self.send(status, _JSON, msgspec.json.encode(body) + b"\n")
