"""`fairstream notify-sink` as a person runs it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pytest

BODY = {
    "status": "firing",
    "receiver": "page",
    "groupLabels": {"alertname": "WorkerDown"},
    "alerts": [{"status": "firing", "labels": {"alertname": "WorkerDown"}, "annotations": {"summary": "One is down"}}],
}
WATCHDOG = BODY | {"alerts": [{"status": "firing", "labels": {"alertname": "Watchdog"}}]}


def test_notifications_are_printed_and_logged_until_ctrl_c() -> None:
    with sink() as (process, url):
        post(url, WATCHDOG)
        post(url, BODY)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out.startswith("The Watchdog is heard: notifications arrive\n[FIRING:1] WorkerDown  -> page, ")
    assert "\n  One is down\n" in out
    logged = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert [line["message"] for line in logged] == ["Notification [FIRING:1] WorkerDown to page"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_with_json_each_notification_is_a_line(number: signal.Signals) -> None:
    with sink("--json") as (process, url):
        post(url, WATCHDOG)
        post(url, WATCHDOG)
        post(url, BODY)
        process.send_signal(number)
        out, _ = process.communicate(timeout=120)
    heartbeat, notice = map(json.loads, out.splitlines())
    assert (heartbeat["event"], heartbeat["state"]) == ("watchdog", "alive")
    assert notice["event"] == "notification"
    assert notice["notification"]["groupLabels"] == {"alertname": "WorkerDown"}


def test_a_silent_watchdog_is_an_alarm_and_can_end_the_command_with_1() -> None:
    with sink("--watchdog-timeout", "1", "--exit-on-silence") as (process, _):
        out, err = process.communicate(timeout=300)
    assert process.returncode == 1
    assert out.startswith("ALARM: the Watchdog has been silent for ")
    assert '"level":"error"' in err


def test_notifications_that_cannot_be_printed_end_the_command() -> None:
    with Path("/dev/full").open("wb") as full, sink(stdout=full.fileno()) as (process, url):
        with suppress(OSError):  # answered with an error, or not at all
            post(url, BODY)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 74
    assert err.splitlines()[-1].startswith("fairstream: Cannot write standard output: No space left on device")


@contextmanager
def sink(*arguments: str, stdout: int = subprocess.PIPE) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command on a free port and yield it with its address."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FAIRSTREAM_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "stream_app", "notify-sink", "--port", "0", *arguments],
        env=environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr
        found = re.search(r"http://\S+/notify", process.stderr.readline())
        assert found
        yield process, found[0]
    finally:
        process.kill()
        process.communicate()


def post(url: str, body: object) -> None:
    """Send a notification as Alertmanager does."""
    request = urllib.request.Request(url, msgspec.json.encode(body))  # noqa: S310  # the sink's own address
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # the same
        assert answer.status == 200
