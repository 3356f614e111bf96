"""Secrets of files, certificates that are replaced, and tokens of a real endpoint over TLS."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from stream_app.connection.for_kafka_python import security_options
from stream_app.connection.kafka_connection import KafkaSecurity
from stream_app.connection.oauth import TokenSource, request_token
from stream_app.connection.secret_file import read_secret
from stream_app.connection.tls import FileContext, make_context
from stream_app.errors import BrokerUnavailableError, ConfigError, FairStreamError
from tests.support.servers.secured.certificates import Authority
from tests.support.servers.secured.tokens import TokenIssuer, serve_tokens

CLIENT, SECRET = "a client", "s3cret/+&%"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "Cannot read sasl_password_file"),
        (b"", "does not contain exactly one line"),
        (b"first\nsecond\n", "does not contain exactly one line"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"first\0second\n", "has control characters. Write the secret alone to it, as text"),
        (b"first\x1b[2J", "has control characters"),
        (b"first\rsecond", "has control characters"),
        ("first\x9b".encode(), "has control characters"),
        (b"first" * 40_000, "is longer than 16,384 characters"),
        (b"first" * 4_000_000, "is larger than 4,194,304 bytes"),
    ],
)
def test_a_file_without_a_secret_is_named_without_its_content(
    content: bytes | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as error:
        read_secret(str(path), "sasl_password_file")
    assert "first" not in str(error.value)


@pytest.mark.parametrize("content", ["pass word ", "pass word \n", "pass word \r\n"])
def test_only_the_line_break_at_the_end_is_not_of_the_secret(content: str, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content.encode())
    assert read_secret(str(path), "x") == "pass word "


def test_the_connection_shows_no_secret(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("hunter2")
    security = KafkaSecurity(
        sasl_mechanism="PLAIN", sasl_username="u", sasl_password_file=str(tmp_path / "p"), ssl_ca_file=None
    )
    assert "hunter2" in security_options(security).values()
    assert "hunter2" not in repr(security)


@contextmanager
def mutual_tls_server(authority: Authority, certificate: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the port of a server that asks for a certificate, and the serial numbers of those that it got."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.path))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificate)
    seen: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with plain, context.wrap_socket(plain, server_side=True) as wrapped:
                seen.append(str((wrapped.getpeercert() or {})["serialNumber"]))
                wrapped.sendall(b"x")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_a_replaced_certificate_is_used_by_the_next_connection(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    server, client = authority.issue("server.pem", "127.0.0.1"), authority.issue("client.pem", cn="worker")
    context = FileContext(KafkaSecurity(ssl_ca_file=str(authority.path), ssl_certificate_file=str(client)))
    with mutual_tls_server(authority, server) as (port, seen):

        def connect() -> None:
            with (
                socket.create_connection(("127.0.0.1", port)) as plain,
                context.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
            ):
                assert wrapped.recv(1) == b"x"

        connect()
        connect()
        authority.issue("client.pem", cn="worker")
        connect()
        client.write_text("half a cert")  # as while it is replaced: the last good one is used
        connect()
    assert seen[0] == seen[1] != seen[2] == seen[3]


def security_with(setting: str, path: Path) -> KafkaSecurity:
    return msgspec.convert({setting: str(path)}, KafkaSecurity)


@pytest.mark.parametrize("setting", ["ssl_ca_file", "ssl_certificate_file"])
def test_files_that_are_no_certificates_are_named(setting: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"Cannot read {setting} .*No such file"):
        make_context(security_with(setting, tmp_path / "none"))
    (tmp_path / "text").write_text("no PEM")
    with pytest.raises(ConfigError, match=f"{setting} .*no valid PEM"):
        make_context(security_with(setting, tmp_path / "text"))


def test_a_key_with_a_password_needs_the_right_one_and_never_asks(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    path = str(authority.issue("client.pem", cn="c", key_password=b"right"))
    (tmp_path / "right").write_text("right\n")
    (tmp_path / "wrong").write_text("wrong\n")

    def security(password_file: Path | None) -> KafkaSecurity:
        name = None if password_file is None else str(password_file)
        ca = str(authority.path)
        return KafkaSecurity(ssl_certificate_file=path, ssl_ca_file=ca, ssl_key_password_file=name)

    make_context(security(tmp_path / "right"))
    for wrong in (tmp_path / "wrong", None):
        with pytest.raises(ConfigError, match="Cannot use ssl_certificate_file") as error:
            make_context(security(wrong))
        assert "wrong\n" not in str(error.value)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


@pytest.fixture
def issuer(authority: Authority) -> Iterator[TokenIssuer]:
    with serve_tokens(TokenIssuer({CLIENT: SECRET}), authority.issue("server.pem", "localhost")) as served:
        yield served


def oauth(issuer: TokenIssuer, authority: Authority, tmp_path: Path, **changes: str | None) -> KafkaSecurity:
    (tmp_path / "secret").write_text(SECRET + "\n")
    fields: dict[str, str | None] = {
        "oauth_token_url": issuer.url,
        "oauth_client_id": CLIENT,
        "oauth_client_secret_file": str(tmp_path / "secret"),
        "oauth_scope": "kafka",
        "oauth_ca_file": str(authority.path),
    }
    return KafkaSecurity(sasl_mechanism="OAUTHBEARER", **(fields | changes))  # type: ignore[arg-type]  # all are text


def test_one_token_serves_many_connections(issuer: TokenIssuer, authority: Authority, tmp_path: Path) -> None:
    source = TokenSource(oauth(issuer, authority, tmp_path))
    assert source.token() == source.token()
    assert (issuer.n_requests, issuer.scopes) == (1, ["kafka"])


def test_a_rotated_secret_is_used_by_the_next_request(
    issuer: TokenIssuer, authority: Authority, tmp_path: Path
) -> None:
    security = oauth(issuer, authority, tmp_path)
    request_token(security)
    issuer.secrets[CLIENT] = "another"
    with pytest.raises(BrokerUnavailableError, match="HTTP 401"):
        request_token(security)
    (tmp_path / "secret").write_text("another")
    request_token(security)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"oauth_client_id": "nobody"}, "HTTP 401.*Check oauth_client_id"),
        ({"oauth_ca_file": None}, "certificate of the token endpoint is not accepted"),
        ({"oauth_token_url": "https://localhost:1/token"}, "does not answer"),
        ({"oauth_token_url": "file:///etc/passwd"}, "Invalid oauth_token_url"),
        ({"oauth_token_url": "MOVED"}, "HTTP 302"),
    ],
)
def test_why_there_is_no_token_is_said_without_the_secret(
    changes: dict[str, str | None], message: str, issuer: TokenIssuer, authority: Authority, tmp_path: Path
) -> None:
    if changes.get("oauth_token_url") == "MOVED":
        changes = {"oauth_token_url": issuer.url.replace("/token", "/moved")}
    with pytest.raises(FairStreamError, match=message) as error:
        request_token(oauth(issuer, authority, tmp_path, **changes))
    assert SECRET not in str(error.value)
