"""Requests to a server on this machine over a real socket, well formed or not."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping

_HOST = "127.0.0.1"
_TIMEOUT_S = 120


def ask(
    port: int, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    """Send a request; return the answer and its body."""
    connection = http.client.HTTPConnection(_HOST, port, timeout=_TIMEOUT_S)
    connection.request(method, path, body, dict(headers or {}))
    response = connection.getresponse()
    answer = (response, response.read())
    connection.close()
    return answer


def say(port: int, raw: bytes) -> bytes:
    """Send bytes as they are; return all that comes until the server hangs up."""
    with socket.create_connection((_HOST, port), timeout=_TIMEOUT_S) as connection:
        connection.sendall(raw)
        return b"".join(iter(lambda: connection.recv(4096), b""))
