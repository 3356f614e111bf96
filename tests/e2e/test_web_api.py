"""The API of a real ``fairstream web``, over real connections: tokens of the command line, and hostile requests."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.support.web.application import Application

JSON = "Content-Type: application/json"
SCORE = json.dumps({"credit_score": 640, "income": 40_000, "loan_amount": 15_000, "product": "auto"})


class Connection:
    """Sends bytes as they are.

    Args:
        address: Address of the application.
        token: A token.
    """

    def __init__(self, address: str, token: str) -> None:
        host, _, port = address.removeprefix("http://").partition(":")
        self._place, self._host = (host, int(port)), f"Host: {host}:{port}"
        self._token = f"Authorization: Bearer {token}"

    def ask(self, line: str, *headers: str, body: str = "") -> tuple[int, dict[str, str], Any]:
        """Return status, headers and body of the answer to a request."""
        head = "\r\n".join([f"{line} HTTP/1.1", self._host, self._token, "Connection: close", *headers, "", ""])
        with socket.create_connection(self._place, timeout=120) as connection:
            connection.sendall((head + body).encode("latin-1"))
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        first, _, rest = answer.partition(b"\r\n")
        fields, _, content = rest.partition(b"\r\n\r\n")
        found = dict(field.split(": ", 1) for field in fields.decode("latin-1").lower().split("\r\n"))
        return int(first.split()[1]), found, content


@pytest.mark.timeout(900)
def test_tokens_open_the_api_and_hostile_requests_do_not(tmp_path: Path) -> None:
    application = Application(tmp_path, {"FAIRSTREAM_KAFKA": "127.0.0.1:1", "FAIRSTREAM_POLICY": "demo"})
    with application.run():
        made = application.command("tokens", "create", "a test", "--role", "analyst")
        assert made.returncode == 0, made.stderr
        token = made.stdout.strip()
        connection = Connection(application.address, token)

        status, headers, content = connection.ask("GET /api/results?model=loans&limit=1")
        assert (status, json.loads(content)["items"]) == (200, [])
        assert "server" not in headers
        assert not [name for name in headers if name.startswith("access-control")]
        drifted = json.loads(connection.ask("GET /api/monitor_fairness")[2])["drifted_scenario"]
        assert (drifted["female_rate"], round(drifted["dir"], 2), drifted["dir_alert"]) == (0.5, 0.71, True)
        length = f"Content-Length: {len(SCORE)}"
        assert json.loads(connection.ask("POST /api/score", JSON, length, body=SCORE)[2])["approved"] is True

        assert connection.ask("POST /api/score", JSON, "Content-Length: -1")[0] == 400
        assert connection.ask("POST /api/score", JSON, length, "Content-Length: 7", body=SCORE)[0] == 400
        chunks = "".join(f"{1000:x}\r\n{'x' * 1000}\r\n" for _ in range(70)) + "0\r\n\r\n"
        status, _, content = connection.ask("POST /api/score", JSON, "Transfer-Encoding: chunked", body=chunks)
        assert (status, json.loads(content)["error"]["code"]) == (413, "too_large")
        assert connection.ask("GET /api/policies", f"X-Long: {'x' * 16_500}")[0] in (400, 431)
        assert connection.ask(f"GET /api/results?cursor={'x' * 12_000}")[0] == 422

        status, headers, _ = connection.ask("GET /api/policies", "X-Request-Id: a\r\nSet-Cookie: x=1")
        assert status == 200
        assert "set-cookie" not in headers
        assert len(headers["x-request-id"]) == 16
        for path in ("//api/policies", "/api//policies", "/api/policies/", "/api/../api/policies", "/api/%2e%2e/x"):
            assert connection.ask(f"GET {path}")[0] == 404
        status, headers, content = connection.ask("HEAD /api/policies")
        assert (status, content, int(headers["content-length"]) > 100) == (200, b"", True)
        for method in ("HEAD", "OPTIONS", "TRACE", "DELETE"):
            assert connection.ask(f"{method} /api/audit_history")[0] == 403

        application.command("tokens", "revoke", token.split("_")[1])
        status, headers, content = connection.ask("GET /api/policies")
        assert (status, json.loads(content)["error"]["code"]) == (401, "unauthenticated")
        assert token not in application.log
