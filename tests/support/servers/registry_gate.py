"""A way to a schema registry that can be blocked: it answers like the registry, with an error, with garbage, or not.

With credentials set, only requests that have them pass, as at a proxy with basic authentication.
"""

from __future__ import annotations

import base64
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_TIMEOUT_S = 120
GARBAGE = b"<html>welcome</html>"


class Gate:
    """What the way does.

    Attributes:
        url: Its address, as a setting has it.
        answer: ``pass``, or status and body of every answer.
        credentials: ``user:password`` that every request must have; empty for none.
        asked: The paths that were asked for.
    """

    def __init__(self, target: str) -> None:
        self.url = ""
        self.answer: tuple[int, bytes] | None = None
        self.credentials = ""
        self.asked: list[str] = []
        self._target = target

    def answer_to(self, path: str, authorization: str) -> tuple[int, bytes]:
        """Return status and body for a path."""
        self.asked.append(path)
        expected = "Basic " + base64.b64encode(self.credentials.encode()).decode()
        if self.credentials and authorization != expected:
            return 401, b"{}"
        if self.answer is not None:
            return self.answer
        try:
            with urllib.request.urlopen(self._target + path, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - this machine
                return 200, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


@contextmanager
def open_gate(target: str, tls: ssl.SSLContext | None = None) -> Iterator[Gate]:
    """Answer at a free port of this machine until the block ends; with TLS if there is a context for it."""
    gate = Gate(target)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = gate.answer_to(self.path, self.headers.get("Authorization", ""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            pass  # a client that ends a handshake is part of the tests

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:  # the handshake is done by the thread of each connection, which a bad one may hold up
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    gate.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield gate
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
