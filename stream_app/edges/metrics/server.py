"""``/metrics``, ``/livez`` and ``/readyz`` on a thread of their own, so that a busy event loop can still be seen.

GET and HEAD only, three paths, no echo of what was asked for, no version of the server. It binds to loopback unless
told otherwise: there is no authentication, and Prometheus is to reach it over a network that only it can use.
"""

from __future__ import annotations

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from stream_app.edges.metrics.health import Health
from stream_app.errors import ConfigError

_IDLE_TIMEOUT_S = 10  # a connection that says nothing for so long is closed
_JSON = "application/json"


class MetricsServer:
    """Serves the metrics and the health of this process.

    Args:
        registry: What ``/metrics`` shows.
        health: What ``/livez`` and ``/readyz`` tell.
        host: Address to bind to.
        port: Port; 0 takes a free one.

    Raises:
        ConfigError: the address cannot be bound.
    """

    def __init__(self, registry: CollectorRegistry, health: Health, host: str, port: int) -> None:
        handler = type("Handler", (_Handler,), {"registry": registry, "health": health})
        try:
            self._server = _Server((host, port), handler)
        except OSError as error:
            raise ConfigError(
                f"Cannot listen on {host}:{port} for metrics ({error.strerror})",
                action="Free the port, or set FAIRSTREAM_METRICS_PORT; 0 takes a free one",
            ) from None
        self._thread = Thread(target=self._server.serve_forever, args=(0.1,), name="metrics", daemon=True)

    @property
    def port(self) -> int:
        """The port that is bound."""
        return self._server.server_port

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # an idle scraper must not hold up the end of the process

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a scraper that hangs up is no event, and a traceback could show what it sent."""


class _Handler(BaseHTTPRequestHandler):
    registry: CollectorRegistry
    health: Health
    timeout = _IDLE_TIMEOUT_S
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.1"  # a line that is no request gets a status line too
    server_version = "fairstream"
    sys_version = ""

    def do_GET(self) -> None:
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

    def send_error(self, code: int, *_: object, **__: object) -> None:
        """Answer with the name of the status only; the standard page would repeat the request."""
        status = HTTPStatus(code)
        if status is HTTPStatus.NOT_IMPLEMENTED:
            status = HTTPStatus.METHOD_NOT_ALLOWED
        self.close_connection = True  # the rest of a bad request must not be read as another one
        self._send(status, "text/plain; charset=utf-8", status.phrase.encode() + b"\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Say nothing: a line for each scrape is noise, and the line would hold what was asked for."""

    def _send_metrics(self) -> None:
        encode, content_type = choose_encoder(self.headers.get("Accept", ""))
        self._send(HTTPStatus.OK, content_type, encode(self.registry))

    def _send_health(self, *, is_good: bool, reasons: list[str]) -> None:
        status = HTTPStatus.OK if is_good else HTTPStatus.SERVICE_UNAVAILABLE
        body = {"ok": is_good, "silence_s": round(self.health.silence_s, 1), "waiting_for": reasons}
        self._send(status, _JSON, msgspec.json.encode(body) + b"\n")

    def _send(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
