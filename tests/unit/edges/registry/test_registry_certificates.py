"""Certificates of a registry and of its client that expire while a worker runs, and are renewed."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stream_app.connection.schema_registry import SchemaRegistry
from stream_app.edges.registry.client import RegistryClient
from stream_app.errors import RegistryUnavailableError
from tests.support.servers.secured.certificates import Authority

_SHORT_DAYS = 1.5 / 86_400
_WAIT_S = 20.0


class Registry(BaseHTTPRequestHandler):
    """Has no subject, and says so as the interface does."""

    def do_GET(self) -> None:
        body = b'{"error_code": 40403, "message": "not found"}'
        self.send_response(404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


@pytest.fixture
def server(authority: Authority) -> Iterator[tuple[ThreadingHTTPServer, ssl.SSLContext]]:
    """Yield a server that wants a client certificate, and its context, which takes another certificate at any time."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.path))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(authority.issue("registry.pem", "127.0.0.1"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a handshake that fails, as it should
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server, context
    server.shutdown()
    server.server_close()
    thread.join()


def client_of(server: ThreadingHTTPServer, authority: Authority, certificate: Path) -> RegistryClient:
    url = f"https://127.0.0.1:{server.server_port}"
    return RegistryClient(
        SchemaRegistry(url=url, ca_file=str(authority.path), certificate_file=str(certificate), insecure=False)
    )


def problem_of(client: RegistryClient) -> str:
    """Ask until the registry cannot be used; return why."""
    deadline_s = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline_s:
        try:
            client.check()
        except RegistryUnavailableError as error:
            return str(error)
        time.sleep(0.1)
    raise AssertionError("the registry can still be used")


def test_an_expired_certificate_of_the_registry_is_named_and_a_renewed_one_is_accepted(
    server: tuple[ThreadingHTTPServer, ssl.SSLContext], authority: Authority
) -> None:
    running, context = server
    client = client_of(running, authority, authority.issue("client.pem", cn="worker"))
    context.load_cert_chain(authority.issue("registry.pem", "127.0.0.1", valid_days=_SHORT_DAYS))
    client.check()
    assert "The certificate of the schema registry is not accepted (certificate has expired)" in problem_of(client)
    context.load_cert_chain(authority.issue("registry.pem", "127.0.0.1"))
    client.check()


def test_an_expired_certificate_of_the_client_is_named_and_a_renewed_one_is_read(
    server: tuple[ThreadingHTTPServer, ssl.SSLContext], authority: Authority
) -> None:
    client = client_of(server[0], authority, authority.issue("client.pem", cn="worker", valid_days=_SHORT_DAYS))
    client.check()
    assert "The certificate of this client has expired. Renew registry_certificate_file" in problem_of(client)
    authority.issue("client.pem", cn="worker")
    client.check()
