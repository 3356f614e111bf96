"""Slow and hostile clients against a real server: others are answered, and threads stay few."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from stream_app.edges.notify.server import NotificationServer
from stream_app.edges.web import connections
from stream_app.edges.web.access import WebAccess
from tests.support.servers.http_requests import ask
from tests.support.servers.secured.certificates import Authority

MOST = 20
SENT = {
    "nothing": b"",
    "half a line": b"GET /livez HT",
    "half a head": b"GET /livez HTTP/1.1\r\nX: y\r\n",
    "half a body": b"POST /notify HTTP/1.1\r\nContent-Length: 90\r\n\r\n{",
    "a request, and no next one": b"GET /livez HTTP/1.1\r\n\r\n",
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NotificationServer]:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", MOST)
    server = NotificationServer(lambda _: None)
    server.start()
    yield server
    server.stop()


def n_threads() -> int:
    return sum("process_request_thread" in thread.name for thread in threading.enumerate())


@pytest.mark.parametrize("kind", SENT)
def test_clients_that_wait_without_end_keep_nobody_out(server: NotificationServer, kind: str) -> None:
    with ExitStack() as stack:
        for _ in range(5 * MOST):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
            with suppress(ConnectionError):
                client.sendall(SENT[kind])
            assert n_threads() <= MOST
        for _ in range(3):
            response, body = ask(server.port, "GET", "/livez")
            assert (response.status, body) == (200, b"ok\n")


def test_the_connection_whose_request_is_the_oldest_is_ended(server: NotificationServer) -> None:
    with ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60)) for _ in range(MOST)
        ]
        for client in clients:  # each has its thread
            client.sendall(SENT["a request, and no next one"])
            assert client.recv(15) == b"HTTP/1.1 200 OK"
        clients[0].sendall(SENT["a request, and no next one"])
        answer = b""
        while answer.count(b"ok\n") < 2:  # one for each request
            answer += clients[0].recv(4096)
        assert ask(server.port, "GET", "/livez")[0].status == 200
        for client in clients:
            client.settimeout(0.2)
        assert _is_ended(clients[1])
        assert not _is_ended(clients[0])


def test_clients_that_begin_tls_and_stop_keep_nobody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", MOST)
    authority = Authority(tmp_path, "ca")
    authority.issue("server.pem", "127.0.0.1")
    config = tmp_path / "web.yml"
    config.write_text("tls_server_config: {cert_file: server.pem, key_file: server.pem}\n", "utf-8")
    server = NotificationServer(lambda _: None, access=WebAccess(str(config)))
    server.start()
    try:
        with ExitStack() as stack:
            for _ in range(3 * MOST):
                client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
                with suppress(ConnectionError):
                    client.sendall(b"\x16\x03\x01")
                assert n_threads() <= MOST
            context = ssl.create_default_context(cafile=str(authority.path))
            plain = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
                connection.sendall(b"GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n")
                assert connection.recv(15) == b"HTTP/1.1 200 OK"
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("raw", "statuses"),
    [
        (b"GET /livez HTTP/1.1\r\n\r\n" * 50 + b"GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n", [b"200"] * 51),
        (b"GET /livez HTTP/1.1\r\n\r\nCANARY\r\n\r\nGET /livez HTTP/1.1\r\n\r\n", [b"200", b"400"]),
        (b"GET " + b"/CANARY" * 20_000 + b" HTTP/1.1\r\n\r\n", []),
        (b"GET /livez HTTP/1.1\r\n" + b"X-CANARY: y\r\n" * 1000 + b"\r\n", [b"431"]),
        (b"GET /livez HTTP/1.1\r\nX\r\n CANARY\x00: \xff\r\n\r\n", [b"200"]),
        (b"OPTIONS * HTTP/1.1\r\n\r\n", [b"405"]),
        (b"CONNECT CANARY:80 HTTP/1.1\r\n\r\n", [b"405"]),
        (b"GET http://CANARY/livez HTTP/1.1\r\n\r\n", [b"404"]),
        (b"GET //livez HTTP/1.1\r\n\r\n", [b"404"]),
        (b"GET /livez/../CANARY HTTP/1.1\r\n\r\n", [b"404"]),
        (b"GET /livez%00CANARY HTTP/1.1\r\n\r\n", [b"404"]),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", [b"400"]),
    ],
)
def test_a_hostile_request_is_answered_at_once_or_dropped_and_never_repeated(
    server: NotificationServer, raw: bytes, statuses: list[bytes]
) -> None:
    answer, is_reset = b"", False
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        try:
            client.sendall(raw)
            client.shutdown(socket.SHUT_WR)
            while part := client.recv(4096):
                answer += part
        except TimeoutError:
            raise
        except OSError:  # reset, with bytes unread: the end of the answer may be lost
            is_reset = True
    got = re.findall(rb"HTTP/1\.1 (\d+) ", answer)
    assert got == (statuses[: len(got)] if is_reset else statuses)
    assert b"CANARY" not in answer
    assert ask(server.port, "GET", "/livez")[0].status == 200


def _is_ended(client: socket.socket) -> bool:
    try:
        while client.recv(4096):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True
