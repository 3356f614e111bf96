"""Pages behind TLS, client certificates and a token, asked over real sockets; files that change while it runs."""

from __future__ import annotations

import base64
import logging
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from stream_app.edges.metrics.health import Health
from stream_app.edges.metrics.server import MetricsServer
from stream_app.edges.notify.notification import Notification
from stream_app.edges.notify.server import NotificationServer
from stream_app.edges.web.access import WebAccess
from stream_app.errors import ConfigError
from tests.support.servers.secured.certificates import Authority
from tests.support.tiers import skip_or_fail

TOKEN = "7f3c1a5e9b2d4f60"  # noqa: S105  # of this test
TLS = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.pem\n"
CLIENTS = TLS + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n"
BEARER = f"Bearer {TOKEN}"


@dataclass
class Folder:
    """Certificates and files of a server, and the requests of its clients."""

    path: Path
    authority: Authority
    stops: list[Callable[[], None]] = field(default_factory=list)

    def access(self, config: str | None = None, token: str | None = None) -> WebAccess:
        return WebAccess(self.write("web.yml", config), self.write("token", token))

    def write(self, name: str, text: str | None) -> str | None:
        if text is None:
            return None
        new = self.path / f"{name}.new"
        new.write_text(text, "utf-8")
        return str(new.replace(self.path / name))

    def serve(self, access: WebAccess, host: str = "127.0.0.1") -> str:
        server = MetricsServer(CollectorRegistry(), Health(), host, 0, access)
        server.start()
        self.stops.append(server.stop)
        return f"{access.scheme}://127.0.0.1:{server.port}"

    def client(self, certificate: str | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.authority.path))
        if certificate is not None:
            context.load_cert_chain(self.authority.issue("client.pem", certificate, cn="client"))
        return context

    def ask(
        self, url: str, context: ssl.SSLContext | None = None, *, body: bytes | None = None, authorization: str = ""
    ) -> int:
        """Return the status of the answer."""
        headers = {"Authorization": authorization} if authorization else {}
        request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310  # our own
        if url.startswith("https") and context is None:
            context = self.client()
        try:
            with urllib.request.urlopen(request, timeout=10, context=context) as answer:  # noqa: S310  # our own
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                self.headers = error.headers
                return error.code


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    authority = Authority(tmp_path, "ca")
    authority.issue("server.pem", "127.0.0.1")
    folder = Folder(tmp_path, authority)
    yield folder
    for stop in folder.stops:
        stop()


def test_metrics_are_served_over_tls_and_not_without(folder: Folder) -> None:
    url = folder.serve(folder.access(TLS))
    assert url.startswith("https:")
    assert folder.ask(url + "/metrics") == 200
    with pytest.raises(OSError, match=r"reset|closed|Remote end"):
        folder.ask(url.replace("https", "http") + "/metrics")
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        folder.ask(url + "/metrics", ssl.create_default_context())


def test_a_client_that_sends_nothing_holds_nobody_up(folder: Folder) -> None:
    url = folder.serve(folder.access(TLS))
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))):
        assert folder.ask(url + "/metrics") == 200


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN} ", 200),
        ("", 401),
        ("Bearer", 401),
        (f"Bearer {TOKEN[:-1]}", 401),
        (f"Bearer {TOKEN}0", 401),
        (f"Basic {TOKEN}", 401),
        (TOKEN, 401),
        ("Bearer caf\u00e9", 401),
    ],
)
def test_metrics_need_the_token(folder: Folder, header: str, status: int) -> None:
    url = folder.serve(folder.access(token=TOKEN + "\n"))
    assert folder.ask(url + "/metrics", authorization=header) == status
    assert status == 200 or folder.headers["WWW-Authenticate"] == 'Bearer realm="fairstream"'


def test_probes_need_neither_token_nor_certificate(folder: Folder) -> None:
    url = folder.serve(folder.access(CLIENTS, TOKEN))
    assert folder.ask(url + "/livez") == 200
    assert folder.ask(url + "/readyz?verbose") == 503  # it waits for its assignment
    assert folder.ask(url + "/metrics", authorization=BEARER) == 403
    assert folder.ask(url + "/livez/../metrics", authorization=BEARER) == 403
    assert folder.ask(url + "/elsewhere") == 403


def test_a_certificate_and_the_token_are_both_needed(folder: Folder) -> None:
    url = folder.serve(folder.access(CLIENTS, TOKEN))
    context = folder.client("prometheus")
    assert folder.ask(url + "/metrics", context) == 401
    assert folder.ask(url + "/metrics", context, authorization=BEARER) == 200


def test_a_certificate_of_another_authority_is_rejected(folder: Folder, tmp_path: Path) -> None:
    url = folder.serve(folder.access(CLIENTS))
    context = folder.client()
    (tmp_path / "other").mkdir()
    context.load_cert_chain(Authority(tmp_path / "other", "other").issue("client.pem", "prometheus"))
    with pytest.raises(OSError, match=r"UNKNOWN_CA|reset|Broken pipe|EOF"):
        folder.ask(url + "/livez", context)


@pytest.mark.parametrize(("name", "status"), [("prometheus", 200), ("grafana", 403)])
def test_only_certificates_with_an_allowed_name_may_read(folder: Folder, name: str, status: int) -> None:
    url = folder.serve(folder.access(CLIENTS + "  client_allowed_sans: [prometheus, 10.0.0.1]\n"))
    assert folder.ask(url + "/metrics", folder.client(name)) == status


def test_a_certificate_that_is_not_required_is_still_verified(folder: Folder) -> None:
    url = folder.serve(folder.access(CLIENTS.replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven")))
    assert folder.ask(url + "/metrics") == 200
    assert folder.ask(url + "/metrics", folder.client("prometheus")) == 200


def test_headers_of_the_file_are_in_every_answer(folder: Folder) -> None:
    url = folder.serve(folder.access("http_server_config:\n  headers: {X-Frame-Options: deny}\n", TOKEN))
    assert folder.ask(url + "/metrics") == 401
    assert folder.headers["X-Frame-Options"] == "deny"


def test_the_sink_takes_notifications_from_those_with_the_token_only(folder: Folder) -> None:
    received: list[Notification] = []
    server = NotificationServer(received.append, runbooks={"A": "a"}, access=folder.access(TLS, TOKEN))
    server.start()
    folder.stops.append(server.stop)
    body = b'{"status":"firing","receiver":"page","alerts":[]}'
    assert server.base_url.startswith("https:")
    assert folder.ask(server.base_url + "/notify", body=body) == 401
    assert folder.ask(server.base_url + "/runbooks/A") == 401
    assert received == []
    assert folder.ask(server.base_url + "/notify", body=body, authorization=BEARER) == 200
    assert folder.ask(server.base_url + "/livez") == 200
    assert len(received) == 1


def test_a_renewed_certificate_and_a_rotated_token_are_used_without_a_restart(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="stream_app")
    url = folder.serve(folder.access(TLS, TOKEN))
    old = ssl.get_server_certificate(("127.0.0.1", int(url.rpartition(":")[2])))
    folder.authority.issue("server.pem", "127.0.0.1")
    folder.write("token", "another-token-of-today")
    assert folder.ask(url + "/metrics", authorization=BEARER) == 401
    assert folder.ask(url + "/metrics", authorization="Bearer another-token-of-today") == 200
    assert ssl.get_server_certificate(("127.0.0.1", int(url.rpartition(":")[2]))) != old
    assert "Files about web access were read again" in caplog.text


def test_files_that_cannot_be_used_leave_everything_as_it_was_and_are_reported_once(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    url = folder.serve(folder.access(TLS, TOKEN))
    folder.write("web.yml", "tls_server_config: {}\n")
    folder.write("token", "short")
    for _ in range(3):
        assert folder.ask(url + "/metrics", authorization=BEARER) == 200
        assert folder.ask(url + "/metrics") == 401
    assert caplog.text.count("cannot be used, the earlier ones apply") == 1
    (folder.path / "token").unlink()
    assert folder.ask(url + "/metrics") == 401
    folder.write("web.yml", TLS)
    folder.write("token", TOKEN[::-1])
    assert folder.ask(url + "/metrics", authorization=f"Bearer {TOKEN[::-1]}") == 200


@pytest.mark.parametrize(
    ("config", "token", "message"),
    [
        (TLS.replace("server.pem", "ca.pem"), None, "Cannot use cert_file .*ca.pem"),
        (TLS.replace("key_file: server", "key_file: nobody"), None, "Cannot read cert_file .*No such file"),
        (CLIENTS.replace("ca.pem", "web.yml"), None, "client_ca_file .*has no valid PEM certificate"),
        (None, "", "does not contain exactly one line"),
        (None, "s3cret", "fewer than 16 characters.*openssl rand"),
        (None, "two words of a token", "has blanks or signs outside ASCII.*openssl rand"),
        (None, "d\u00e9j\u00e0-vu-d\u00e9j\u00e0-vu", "has blanks or signs outside ASCII"),
        (None, "a-token-with-a\0-nul", "contains control characters"),
        (None, "t" * 200_000, "longer than 16,384 characters"),
        ("", None, "is empty, so everybody could read the pages"),
    ],
)
def test_wrong_files_are_an_error_at_the_start(
    folder: Folder, config: str | None, token: str | None, message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        folder.access(config, token)
    assert "s3cret" not in str(caught.value)


def test_a_token_that_others_on_the_network_can_read_is_reported(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    folder.serve(folder.access(token=TOKEN))
    folder.serve(folder.access(TLS, TOKEN), host="0.0.0.0")  # noqa: S104  # that is the case
    assert caplog.text == ""
    folder.serve(folder.access(token=TOKEN), host="0.0.0.0")  # noqa: S104  # that is the case
    assert "others on the network can read them" in caplog.text
    assert TOKEN not in caplog.text


def test_a_password_opens_what_its_hash_is_of(folder: Folder) -> None:
    try:
        import bcrypt  # noqa: PLC0415  # what is missing is reported
    except ImportError:
        skip_or_fail("bcrypt is not installed (the extra web-config)")
    hashed = bcrypt.hashpw(b"s3cret", bcrypt.gensalt(4)).decode()
    url = folder.serve(folder.access(f"basic_auth_users:\n  prometheus: {hashed}\n", TOKEN))
    basic = [
        b"prometheus:s3cret",
        b"prometheus:s3cret",
        b"prometheus:",
        b"nobody:s3cret",
        b"prometheus",
        b"p:" + b"x" * 99,
    ]
    answers = [folder.ask(url + "/metrics", authorization=f"Basic {base64.b64encode(one).decode()}") for one in basic]
    assert answers == [200, 200, 401, 401, 401, 401]
    assert folder.headers.get_all("WWW-Authenticate") == ['Basic realm="fairstream"', 'Bearer realm="fairstream"']
    assert folder.ask(url + "/metrics", authorization=BEARER) == 200
    assert folder.ask(url + "/metrics", authorization="Basic =") == 401
