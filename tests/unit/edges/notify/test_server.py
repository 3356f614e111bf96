"""The notification sink over a real socket: it accepts what Alertmanager sends and survives everything else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from stream_app.cli.admin.notify_sink import _Sink
from stream_app.edges.host import http_server
from stream_app.edges.notify.notification import Notification, describe_notification, read_notification
from stream_app.edges.notify.server import MAX_BODY_BYTES, NotificationServer
from stream_app.errors import ConfigError
from tests.support.servers.http_requests import ask, say

OVER = {"summary": "Other kind", "ended": "2026-11-23T09:10:00Z (event time), after 10m 0s"}
SCORES = {"alertname": "FairnessBreach", "model": "loans", "attribute": "gender", "about": "scores"}
# As Alertmanager 0.25 sends it; later versions add fields.
BODY: dict[str, Any] = {
    "version": "4",
    "groupKey": '{}/{team="fairness"}:{alertname="FairnessBreach"}',
    "truncatedAlerts": 2,
    "status": "firing",
    "receiver": "fairness-page",
    "groupLabels": {"alertname": "FairnessBreach", "model": "loans", "attribute": "gender"},
    "commonLabels": {"severity": "critical"},
    "commonAnnotations": {},
    "externalURL": "http://127.0.0.1:9093",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "FairnessBreach", "severity": "critical"},
            "annotations": {
                "summary": "Breach: loans violates the limit",
                "groups": "female: ratio 0.62\nmale: reference",
                "since": "2026-11-23T09:00:00Z (event time)",
                "replay": "fairstream replay verify --model loans",
            },
            "startsAt": "2026-11-23T09:00:05.1Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://127.0.0.1:9090/graph",
            "fingerprint": "1a30ba71cca2921f",
        },
        {"status": "resolved", "labels": SCORES, "annotations": OVER},
    ],
}
BLOCK = """\
[FIRING:1] FairnessBreach loans/gender  -> fairness-page, 2026-11-23 09:00:10 UTC
  Breach: loans violates the limit [critical]
    Since: 2026-11-23T09:00:00Z (event time)
    Also affected: female: ratio 0.62
                   male: reference
    Verify: fairstream replay verify --model loans
  loans: gender (scores) is back within its limits
    Ended: 2026-11-23T09:10:00Z (event time), after 10m 0s
    It was: Other kind
  and 2 more
"""


class Site:
    """A running sink and what it received."""

    def __init__(self) -> None:
        self.received: list[Notification] = []
        self.server = NotificationServer(self.received.append, runbooks={"FairnessBreach": "# FairnessBreach\n"})
        self.server.start()

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        response, answer = ask(self.server.port, method, path, body)
        return response.status, answer


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.server.stop()


@pytest.mark.parametrize("reason", [{}, {"notification_reason": "group_changed"}, {"notification_reason": None}])
def test_bodies_with_and_without_a_reason_are_accepted(site: Site, reason: dict[str, Any]) -> None:
    assert site.ask("POST", "/notify", msgspec.json.encode(BODY | reason))[0] == 200
    assert site.received[0].alerts[0].starts_at == "2026-11-23T09:00:05.1Z"
    assert site.received[0].notification_reason == reason.get("notification_reason")


def test_a_notification_becomes_one_block_of_text() -> None:
    notification = read_notification(msgspec.json.encode(BODY))
    assert describe_notification(notification, 1795424410.0) == BLOCK
    with_reason = read_notification(msgspec.json.encode(BODY | {"notification_reason": "repeat"}))
    assert describe_notification(with_reason, 0.0).splitlines()[0].endswith("1970-01-01 00:00:00 UTC (repeat)")


def test_nothing_in_a_notification_can_command_a_terminal() -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\u202e"
    alert = {"status": "firing", "labels": {"severity": hostile}, "annotations": {"summary": hostile, "cause": hostile}}
    body = BODY | {"receiver": hostile, "groupLabels": {"model": hostile}, "alerts": [alert]}
    text = describe_notification(read_notification(msgspec.json.encode(body)), 0.0)
    assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_no_text_of_a_notification_begins_a_block(capsys: pytest.CaptureFixture[str]) -> None:
    forged = "x " * 40 + "[FIRING:9] Forged  -> page, 2026-11-23 09:00:10 UTC"
    texts = [forged, "a\n" + forged, "a\r" + forged, "a\u2028" + forged]
    for text in texts:
        alert = {"status": "firing", "labels": {"severity": text}, "annotations": {"summary": text, "cause": text}}
        names = {"alertname": text, "model": text, "attribute": text}
        body = BODY | {"receiver": text, "groupLabels": names, "alerts": [alert], "notification_reason": text}
        _Sink(60.0, is_json=False).take(read_notification(msgspec.json.encode(body)))
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line and not line.startswith(" ")] == [
        line for line in lines if line.startswith("[FIRING:1]")
    ]
    assert sum(line.startswith("[FIRING:1]") for line in lines) == len(texts)


@pytest.mark.parametrize("part", ["summary", "description", "cause", "dashboard_url", "replay", "ended", "severity"])
def test_no_word_that_a_terminal_continues_at_the_margin_begins_a_block(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for n_before in range(40, 90):
        text = "x" * n_before + "[FIRING:9]_Forged->page,2026-11-23_09:00:10_UTC"
        for status in ("firing", "resolved"):
            labels = {"severity": text, "model": text, "attribute": text}
            alert = {"status": status, "labels": labels, "annotations": {part: text}}
            _Sink(60.0, is_json=False).take(read_notification(msgspec.json.encode(BODY | {"alerts": [alert]})))
    for line in capsys.readouterr().out.splitlines():
        assert not any(line[at:].startswith("[FIRING:9]") for at in range(80, len(line), 80))


@pytest.mark.parametrize(
    ("n_alerts", "text"),
    [(35_000, ""), (1, "x" * 900_000), (1, "x y " * 240_000), (1, "x\n" * 400_000), (90, "x y\n" * 2_500)],
)
def test_a_block_has_an_end_and_says_what_is_left_out(n_alerts: int, text: str) -> None:
    alert = {"status": "firing", "labels": {}, "annotations": {"summary": text, "cause": text, "description": text}}
    block = describe_notification(read_notification(msgspec.json.encode(BODY | {"alerts": [alert] * n_alerts})), 0.0)
    described = block.count("Cause:") or block.count("(unnamed alert)")
    assert block.endswith(f"  and {n_alerts - described + 2} more\n")
    assert len(block) < 50_000
    assert "..." in block or not text


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST /notify HTTP/1.1\r\nContent-Length: 90\r\n\r\n", 408),
        (b"POST /notify HTTP/1.1\r\n", 408),
    ],
)
def test_a_client_that_sends_a_byte_now_and_then_is_cut_off(
    site: Site, monkeypatch: pytest.MonkeyPatch, sent: bytes, status: int
) -> None:
    monkeypatch.setattr(http_server, "REQUEST_TIMEOUT_S", 0.5)
    with socket.create_connection(("127.0.0.1", site.server.port), timeout=10) as connection:
        connection.settimeout(0.05)
        connection.sendall(sent)
        answer = b""
        for _ in range(200):
            with suppress(TimeoutError, ConnectionError):
                connection.send(b"x")
                answer += connection.recv(1000)
            if answer:
                break
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


def test_a_head_without_end_is_rejected(site: Site) -> None:
    lines = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 900) for number in range(60))
    with socket.create_connection(("127.0.0.1", site.server.port), timeout=10) as connection:
        with suppress(ConnectionError):
            connection.sendall(b"POST /notify HTTP/1.1\r\n" + lines)
        assert connection.recv(1000).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"status":"firing"}',
        b'{"status":1,"receiver":"a","alerts":[]}',
        b'{"status":"firing","receiver":"a","alerts":[{"status":"firing","labels":{"a":1}}]}',
        b"[" * 100_000,
    ],
)
def test_an_invalid_notification_gets_400_and_the_sink_keeps_running(site: Site, body: bytes) -> None:
    status, answer = site.ask("POST", "/notify", body)
    assert (status, answer) == (400, b"Bad Request\n")
    assert not site.received
    assert site.ask("GET", "/livez") == (200, b"ok\n")


def test_a_body_that_is_too_large_is_rejected_unread(site: Site) -> None:
    head = f"POST /notify HTTP/1.1\r\nHost: x\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n"
    assert say(site.server.port, head.encode()).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "head",
    [
        "POST /notify HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /notify HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /notify HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 6\r\n\r\n",
        "POST /notify HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "POST /notify HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ],
)
def test_a_body_of_unclear_size_is_rejected(site: Site, head: str) -> None:
    assert say(site.server.port, head.encode()).startswith(b"HTTP/1.1 411 ")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/runbooks/FairnessBreach", 200),
        ("GET", "/runbooks/FairnessBreach.md", 200),
        ("GET", "/runbooks/Unknown", 404),
        ("GET", "/runbooks/../../etc/passwd", 404),
        ("GET", "/", 404),
        ("POST", "/", 404),
        ("PUT", "/notify", 405),
        ("HEAD", "/livez", 200),
    ],
)
def test_only_known_pages_answer(site: Site, method: str, path: str, status: int) -> None:
    assert site.ask(method, path, b"{}" if method in {"POST", "PUT"} else None)[0] == status


def test_a_client_that_hangs_up_in_the_middle_does_not_end_the_sink(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.server.port), timeout=10) as connection:
        connection.sendall(b"POST /notify HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
    assert site.ask("POST", "/notify", msgspec.json.encode(BODY))[0] == 200


def test_a_port_in_use_is_an_error_with_what_to_do(site: Site) -> None:
    with pytest.raises(ConfigError, match="--port"):
        NotificationServer(site.received.append, port=site.server.port)
