"""The HTTP side of the notification sink: ``POST /notify``, ``GET /livez``, ``GET /runbooks/NAME``.

It believes nobody: bodies are bounded, what is no notification gets 400, and nothing that was sent is echoed. It binds
to loopback unless told otherwise, as there is no authentication.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from stream_app.edges.notify.notification import Notification, read_notification
from stream_app.errors import ConfigError

MAX_BODY_BYTES = 1_048_576  # a group of some hundred alerts
_IDLE_TIMEOUT_S = 10
_TEXT = "text/plain; charset=utf-8"
_RUNBOOK = re.compile(r"/runbooks/([A-Za-z]{1,60})(\.md)?")


class NotificationServer:
    """Receives notifications on a thread of its own.

    Args:
        on_notification: Called for each one, one at a time for each connection; must be thread-safe.
        runbooks: Text by alert, for the links in notifications.
        host: Address to bind to.
        port: Port; 0 takes a free one.

    Raises:
        ConfigError: the address cannot be bound.
    """

    def __init__(
        self,
        on_notification: Callable[[Notification], None],
        *,
        runbooks: Mapping[str, str] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        members = {"take": staticmethod(on_notification), "runbooks": runbooks or {}}
        handler = type("Handler", (_Handler,), members)
        try:
            self._server = _Server((host, port), handler)
        except OSError as error:
            raise ConfigError(
                f"Cannot listen on {host}:{port} for notifications ({error.strerror})",
                action="Free the port, or choose another with --port; 0 takes a free one",
            ) from None
        self._host = host
        self._thread = Thread(target=self._server.serve_forever, args=(0.1,), name="notifications", daemon=True)

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://{self._host}:{self._server.server_port}"

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
    block_on_close = False  # a client that holds its connection must not hold up the end

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that hangs up is no event, and a traceback could show what it sent."""


class _Handler(BaseHTTPRequestHandler):
    take: Callable[[Notification], None]
    runbooks: Mapping[str, str]
    timeout = _IDLE_TIMEOUT_S
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.1"
    server_version = "fairstream"
    sys_version = ""

    def do_POST(self) -> None:
        """Take in a notification."""
        if self.path.partition("?")[0] != "/notify":
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        size = self._body_size()
        if size is None:
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
        elif size > MAX_BODY_BYTES:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._receive(size)

    def do_GET(self) -> None:
        """Answer whether the sink lives, or with a runbook."""
        path = self.path.partition("?")[0]
        found = _RUNBOOK.fullmatch(path)
        if path == "/livez":
            self._send(HTTPStatus.OK, b"ok\n")
        elif found and found[1] in self.runbooks:
            self._send(HTTPStatus.OK, self.runbooks[found[1]].encode())
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    do_HEAD = do_GET  # noqa: N815  # the base class looks for this name

    def send_error(self, code: int, *_: object, **__: object) -> None:
        """Answer with the name of the status only; the standard page would repeat the request."""
        status = HTTPStatus(code)
        if status is HTTPStatus.NOT_IMPLEMENTED:
            status = HTTPStatus.METHOD_NOT_ALLOWED
        self.close_connection = True  # the rest of a bad request must not be read as another one
        self._send(status, status.phrase.encode() + b"\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Say nothing: what matters is told by ``take``."""

    def _body_size(self) -> int | None:
        """Return the declared size; None when it is missing, no number, or the body comes in chunks."""
        declared = self.headers.get_all("Content-Length") or []
        if self.headers.get("Transfer-Encoding") or len(declared) != 1 or not re.fullmatch(r"[0-9]{1,12}", declared[0]):
            return None
        return int(declared[0])

    def _receive(self, size: int) -> None:
        try:
            notification = read_notification(self.rfile.read(size))
        except ValueError:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        self.take(notification)
        self._send(HTTPStatus.OK, b"taken\n")

    def _send(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", _TEXT)
        self.send_header("Content-Length", str(len(body)))
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD, POST")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
