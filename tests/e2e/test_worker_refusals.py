"""A worker that cannot work says in one line what to do and ends with 2, before it touches anything."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stream_app.edges.files.key_file import create_key_file, key_file_path


@pytest.fixture
def start_worker(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a worker to its end with a key file of its own; variables may be overridden."""
    create_key_file(key_file_path(tmp_path))

    def start(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("FAIRSTREAM_")}
        environment |= {"FAIRSTREAM_STATE": str(tmp_path), "FAIRSTREAM_METRICS_PORT": "0"} | variables
        return subprocess.run(
            [sys.executable, "-m", "stream_app", "worker", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return start


def _unused_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def _assert_refused(outcome: subprocess.CompletedProcess[str], *words: str) -> None:
    assert outcome.returncode == 2, outcome.stderr
    lines = [line for line in outcome.stderr.splitlines() if line.startswith("fairstream: ")]
    assert len(lines) == 1, outcome.stderr
    assert "Traceback" not in outcome.stderr
    for word in words:
        assert word in lines[0]


def test_a_missing_key_file_names_the_command_that_makes_one(
    start_worker: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    _assert_refused(start_worker(FAIRSTREAM_STATE=str(tmp_path / "elsewhere")), "fairstream keys init")


def test_a_key_file_that_others_can_read_is_refused_with_the_command_that_mends_it(
    start_worker: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    key_file_path(tmp_path).chmod(0o644)
    _assert_refused(start_worker(), "can be read by others", "chmod 600")


def test_a_broker_that_does_not_answer_is_named(start_worker: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    address = _unused_address()
    _assert_refused(start_worker("--kafka", address), "No Kafka broker answers", address)


def test_missing_topics_are_listed_with_the_command_that_creates_them(
    start_worker: Callable[..., subprocess.CompletedProcess[str]], kafka: str, app_id: str
) -> None:
    outcome = start_worker("--kafka", kafka, "--app-id", app_id)
    _assert_refused(outcome, f"{app_id}-changelog-judge", "fairstream topics create")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--kafka", "no-port"), ("Invalid --kafka", "host:port")),
        (("--policy", "no-such-policy"), ("not found", "loanapp")),
        (("--roles", "ingest,cook"), ("Unknown role 'cook'", "judge")),
        (("--app-id", "white space"), ("Invalid --app-id",)),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected(
    start_worker: Callable[..., subprocess.CompletedProcess[str]], arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    _assert_refused(start_worker(*arguments), *words)


def test_an_unknown_variable_is_refused_and_the_known_ones_are_listed(
    start_worker: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    _assert_refused(start_worker(FAIRSTREAM_FLUSHS="2"), "FAIRSTREAM_FLUSHS", "FAIRSTREAM_FLUSH_S")


def test_a_page_that_cannot_be_protected_as_asked_is_refused(
    start_worker: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    path = tmp_path / "web.yml"
    path.write_text("tls_server_config: { cert_file: a }\n", "utf-8")
    _assert_refused(start_worker("--web-config", str(path)), str(path), "cert_file and key_file")
    _assert_refused(start_worker(FAIRSTREAM_WEB_TOKEN_FILE=str(path.with_name("token"))), "web_token_file", "token")


def test_a_push_that_cannot_be_made_is_refused(
    start_worker: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
    _assert_refused(start_worker(**{endpoint: "collector:4318"}), endpoint, "http://HOST:4318")


def test_a_port_that_is_taken_is_named(start_worker: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        _assert_refused(start_worker("--metrics-port", port), port, "FAIRSTREAM_METRICS_PORT")
