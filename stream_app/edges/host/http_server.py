"""A small HTTP server on a thread of its own that discloses nothing about itself or its clients.

No version of the server, no log of requests, no page that echoes a request. A request has a limited time and head: a
client that sends a byte a second is cut off. There is a most of connections: a further one ends the one whose request
is the oldest, so that slow clients cannot keep others out. Without rules about access there is neither TLS nor
authentication, so its users bind to loopback by default.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, ClassVar

from stream_app.edges.web.access import WebAccess
from stream_app.edges.web.connections import Connections
from stream_app.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

TEXT = "text/plain; charset=utf-8"
_IDLE_TIMEOUT_S = 10  # an idle connection is closed after this time
REQUEST_TIMEOUT_S = 20.0  # for one request to arrive, from the end of the one before it
_MAX_HEAD_BYTES = 32_768  # of a request line with headers; read ahead into the body, so not exact
_POLL_S = 0.1
_UNREAD_BYTES = 65_536


class HttpServer:
    """Answers requests from its start until it is stopped.

    Args:
        handler: Class that answers a request.
        host: Address to bind to.
        port: Port; 0 chooses a free one.
        purpose: What it serves, for the name of the thread and the error message.
        port_setting: How the operator chooses another port, for the error message.
        access: Who may read what; None for everybody.

    Raises:
        ConfigError: the address cannot be bound.
    """

    def __init__(
        self,
        handler: type[QuietHandler],
        host: str,
        port: int,
        *,
        purpose: str,
        port_setting: str,
        access: WebAccess | None = None,
    ) -> None:
        self._access = access or WebAccess()
        self._access.warn_if_readable(host)
        try:
            self._server = _Server((host, port), handler, self._access)
        except OSError as error:
            raise ConfigError(
                f"Cannot listen on {host}:{port} for {purpose} ({error.strerror})",
                action=f"Free the port, or {port_setting}; 0 chooses a free one",
            ) from None
        self._thread = Thread(target=self._server.serve_forever, args=(_POLL_S,), name=purpose, daemon=True)

    @property
    def port(self) -> int:
        """The port that is bound."""
        return self._server.server_port

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return self._access.scheme

    def start(self) -> None:
        """Start answering."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _HeadTooLargeError(Exception):
    """A request has a longer head than any client sends."""


class _RequestStream(io.RawIOBase):
    """What a client sends, as long as its request is within its limits.

    Args:
        connection: The connection.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._room: int | None = None
        self._until_s = 0.0

    def begin_request(self) -> None:
        """Start the time of a request, and limit what comes until ``end_head``."""
        self._until_s = time.monotonic() + REQUEST_TIMEOUT_S
        self._room = _MAX_HEAD_BYTES

    def end_head(self) -> None:
        """Note that the head is complete; who reads the body limits it."""
        self._room = None

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read what has come, or wait for it.

        Raises:
            TimeoutError: the request takes too long, or the client is silent.
            _HeadTooLargeError: its head is too long.
        """
        left_s = self._until_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._connection.settimeout(min(left_s, _IDLE_TIMEOUT_S))
        n_bytes = self._connection.recv_into(buffer)
        self._connection.settimeout(_IDLE_TIMEOUT_S)  # for an answer, all of it
        if self._room is not None:
            self._room -= n_bytes
            if self._room < 0:
                raise _HeadTooLargeError
        return n_bytes


class QuietHandler(BaseHTTPRequestHandler):
    """Answers with what its ``do_`` methods send, and adds nothing.

    Attributes:
        allowed_methods: Methods that it supports, for the header ``Allow``.
        open_paths: Pages without secrets that everybody may read, for probes.
    """

    server: _Server
    allowed_methods: ClassVar[str]
    open_paths: ClassVar[frozenset[str]] = frozenset()
    timeout = _IDLE_TIMEOUT_S
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.1"  # an invalid request line gets a status line too
    server_version = "fairstream"
    sys_version = ""

    def setup(self) -> None:
        """Read the connection through limits."""
        super().setup()
        self._stream = _RequestStream(self.connection)
        self.rfile.close()
        self.rfile = io.BufferedReader(self._stream)

    def handle_one_request(self) -> None:
        """Answer one request, or close the connection."""
        self.server.connections.renew(self.connection, self.connection)
        self._stream.begin_request()
        try:
            super().handle_one_request()
        except _HeadTooLargeError:  # within the request line
            self.close_connection = True

    def parse_request(self) -> bool:
        """Read the request line and the headers; answer here if the client may not read the page."""
        try:
            if not super().parse_request():
                return False
        except _HeadTooLargeError:
            self.send_error(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return False
        except TimeoutError:
            self.send_error(HTTPStatus.REQUEST_TIMEOUT)
            return False
        self._stream.end_head()
        self.path = self.requestline.split()[1]  # the base class makes one slash of several at its beginning
        if self.path.partition("?")[0] in self.open_paths:
            return True
        certificate = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
        denied = self.server.access.denial(self.headers.get("Authorization", ""), certificate)
        if denied is not None:
            self._read_rest()
            self.send_error(denied)
        return denied is None

    def _read_rest(self) -> None:
        """Read a body that nobody looks at: a connection that is closed before it may lose the answer."""
        size = self.headers.get("Content-Length", "")
        if size.isascii() and size.isdigit():
            self.rfile.read(min(int(size[:12]), _UNREAD_BYTES))

    def send(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        """Answer; a HEAD request gets the headers only."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", self.allowed_methods)
        if status is HTTPStatus.UNAUTHORIZED:
            for challenge in self.server.access.challenges():
                self.send_header("WWW-Authenticate", challenge)
        for name, value in self.server.access.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, *_: object, **__: object) -> None:
        """Answer with the name of the status only; the standard page would repeat the request."""
        status = HTTPStatus(code)
        if status is HTTPStatus.NOT_IMPLEMENTED:
            status = HTTPStatus.METHOD_NOT_ALLOWED
        self.close_connection = True  # the rest of a bad request must not be read as another one
        self.send(status, TEXT, status.phrase.encode() + b"\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Log nothing: a line for each request is noise, and would contain what was requested."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # an idle client must not delay the end of the process
    request_queue_size = 128  # of connections that wait for room

    def __init__(self, address: tuple[str, int], handler: type[QuietHandler], access: WebAccess) -> None:
        self.access = access
        self.connections = Connections()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, unless there are too many."""
        if self.connections.enter(request):
            super().process_request(request, client_address)
        else:
            super().shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        super().shutdown_request(request)
        self.connections.leave(request)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Begin TLS, if there is any, and answer; in the thread of the connection, as a client may be slow."""
        context = self.access.context()
        if context is None:
            super().finish_request(request, client_address)
            return
        request.settimeout(_IDLE_TIMEOUT_S)
        with context.wrap_socket(request, server_side=True, do_handshake_on_connect=False) as connection:
            self.connections.renew(request, connection)
            try:
                connection.do_handshake()
                super().finish_request(connection, client_address)
            finally:
                self.connections.renew(connection, request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing: a client that hangs up is not an event, and a traceback could show what it sent."""
