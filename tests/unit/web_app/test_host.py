"""The foundation of the web application: limits of requests, addresses of databases, the key, Django's settings."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import global_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from stream_app.errors import ConfigError
from stream_app.settings import Settings
from stream_app.web_app.host.database import database_of
from stream_app.web_app.host.django import django_options
from stream_app.web_app.host.limits import MAX_BODY, RequestLimits
from stream_app.web_app.host.secret_key import FILE_NAME, secret_key
from stream_app.web_app.program import _on_loopback
from tests.support.paths import ROOT

SECRET = "hunter2"  # noqa: S105  # of no database


async def echo(_scope: Any, receive: Any, send: Any) -> None:
    """Answer with the size of the body."""
    size, has_more = 0, True
    while has_more:
        message = await receive()
        size += len(message.get("body", b""))
        has_more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


async def wait(_scope: Any, _receive: Any, _send: Any) -> None:
    """Never answer."""
    await asyncio.Event().wait()


def answer_of(
    application: Any, chunks: list[bytes], *, max_s: float = 5.0, head: int = 0, path: str = "/"
) -> tuple[int, bytes]:
    """Send a body in chunks and return status and text of the answer; no chunks: a client that sends nothing."""
    sent: list[Any] = []
    messages = [
        {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}
        for number, chunk in enumerate(chunks, 1)
    ]

    async def receive() -> Any:
        if messages:
            return messages.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "headers": [(b"x", b"y" * head)], "path": path}
    asyncio.run(RequestLimits(application, max_s)(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


def test_a_body_up_to_the_limit_passes_and_a_larger_one_is_rejected_however_it_is_cut() -> None:
    assert answer_of(echo, [b""]) == (200, b"0")
    assert answer_of(echo, [b"x" * (MAX_BODY - 1), b"x"]) == (200, str(MAX_BODY).encode())
    assert answer_of(echo, [b"x"] * 10 + [b"x" * MAX_BODY])[0] == 413


def test_a_large_head_is_rejected() -> None:
    assert answer_of(echo, [b""], head=16_000)[0] == 200
    assert answer_of(echo, [b""], head=17_000)[0] == 431


def test_a_slow_client_and_a_slow_page_end() -> None:
    assert answer_of(echo, [], max_s=0.1)[0] == 408
    assert answer_of(wait, [b""], max_s=0.1)[0] == 408


def test_limits_are_said_in_json_below_the_api() -> None:
    answers = {
        "too_large": answer_of(echo, [b"x" * MAX_BODY, b"x"], path="/api/score"),
        "head_too_large": answer_of(echo, [b""], head=17_000, path="/api/results"),
        "timeout": answer_of(echo, [], max_s=0.1, path="/api"),
    }
    assert [status for status, _ in answers.values()] == [413, 431, 408]
    for code, (_, text) in answers.items():
        error = json.loads(text)["error"]
        assert error["code"] == code
        assert len(error["request_id"]) == 16


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mysql://u:hunter2@h/d",
        "postgresql://u:hunter2@h",
        "postgresql://u:hunter2@h:x/d",
        "postgresql://u:hunter2@[h/d",
        "postgresql://u:hunter2@h/d?unknown=1",
        "sqlite:///hunter2",
    ],
)
def test_an_invalid_address_of_a_database_is_not_repeated(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError) as raised:
        database_of(Settings(state_dir=str(tmp_path), database_url=url))
    assert SECRET not in str(raised.value)
    assert "FAIRSTREAM_DATABASE_URL" in str(raised.value)


def test_the_parts_of_an_address_are_decoded_and_the_file_has_the_password(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("from file\n", "utf-8")
    url = "postgresql://us%40er:x@[::1]:5433/na%20me?sslmode=verify-full"
    found = database_of(Settings(database_url=url, database_password_file=str(password)))
    assert (found["USER"], found["HOST"], found["PORT"], found["NAME"]) == ("us@er", "::1", "5433", "na me")
    assert (found["PASSWORD"], found["OPTIONS"]["sslmode"]) == ("from file", "verify-full")


def test_the_database_file_and_the_key_are_for_their_owner_only(tmp_path: Path) -> None:
    database_of(Settings(state_dir=str(tmp_path / "state")))
    key = secret_key(tmp_path / "state")
    assert key == secret_key(tmp_path / "state")
    assert len(key) > 80
    assert {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "state").iterdir()} == {
        "web.sqlite3": 0o600,
        FILE_NAME: 0o600,
    }


def test_a_key_that_others_can_read_or_that_is_short_is_rejected(tmp_path: Path) -> None:
    secret_key(tmp_path)
    (tmp_path / FILE_NAME).chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        secret_key(tmp_path)
    (tmp_path / FILE_NAME).chmod(0o600)
    (tmp_path / FILE_NAME).write_text("short\n", "utf-8")
    with pytest.raises(ConfigError, match="does not contain a key of 50 characters or more"):
        secret_key(tmp_path)


def test_a_public_address_with_tls_secures_cookies_and_names_the_only_host(tmp_path: Path) -> None:
    options = django_options(Settings(state_dir=str(tmp_path), web_url="https://fairness.example:8443/"))
    assert options["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost", "[::1]", "fairness.example"]
    assert options["CSRF_TRUSTED_ORIGINS"] == ["https://fairness.example:8443"]
    assert (options["SESSION_COOKIE_SECURE"], options["CSRF_COOKIE_SECURE"]) == (True, True)
    assert options["SESSION_COOKIE_NAME"].startswith("__Host-")


@pytest.mark.parametrize(
    "url", ["", "fairness.example", "ftp://h", "https://", "https://u@h", "https://h/path", "https://h:0"]
)
def test_an_invalid_public_address_is_rejected(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="FAIRSTREAM_WEB_URL"):
        django_options(Settings(state_dir=str(tmp_path), web_url=url))


def test_without_the_extra_the_command_names_what_installs_it(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['django'] = None; sys.argv = ['fairstream', 'web', '--state-dir', sys.argv[1]]; "
        "from stream_app.__main__ import main; main()"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)
    assert done.returncode == 2
    assert "Run: pip install 'django" in done.stderr
    assert done.stderr.count("\n") == 1


def test_passwords_are_hashed_as_django_ships_it(tmp_path: Path) -> None:
    assert "PASSWORD_HASHERS" not in django_options(Settings(state_dir=str(tmp_path)))
    assert global_settings.PASSWORD_HASHERS[0] == "django.contrib.auth.hashers.PBKDF2PasswordHasher"
    assert PBKDF2PasswordHasher.iterations >= 600_000


def test_that_of_a_demo_is_on_loopback_with_a_database_of_its_own_whatever_the_settings_say() -> None:
    settings = Settings(
        web_host="0.0.0.0",  # noqa: S104  # what must not be kept
        web_url="https://fairness.example",
        database_url="postgresql://fairstream@db.example/fairstream",
        database_password_file="/etc/password",  # noqa: S106  # a path
        oidc_issuer="https://login.example",
        web_port=8601,
        kafka="broker:9092",
    )
    assert _on_loopback(settings) == Settings(web_port=8601, kafka="broker:9092")
