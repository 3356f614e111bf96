"""The demo as a person starts it: on a broker of its own, until the alert, leaving nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from stream_app.edges.kafka.local.jars import cached_jars, default_cache_dir
from stream_app.edges.servers.alertmanager import find_alertmanager
from stream_app.edges.servers.prometheus import find_prometheus
from tests.support.tiers import skip_or_fail

_WEB = re.compile(
    r"^Web application on http://127\.0\.0\.1:\d+/demo\n  log in as demo with the password \S{16}$", re.MULTILINE
)


@contextmanager
def _demo(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FAIRSTREAM_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "stream_app", "demo", "--json", "--start-timeout", "300", *arguments],
        env=environment | {"TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _descendants(process: subprocess.Popen[str]) -> list[psutil.Process]:
    children: list[psutil.Process] = psutil.Process(process.pid).children(recursive=True)
    return children


def _assert_all_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=120)
    assert not alive


@pytest.mark.timeout(900)
def test_the_demo_ends_with_0_at_the_first_correct_alert(kafka: str, tmp_path: Path) -> None:
    with _demo(tmp_path, "--kafka", kafka, "--exit-on-alert", "--fair-s", "15", "--rate", "400") as process:
        out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    events = [json.loads(line) for line in out.splitlines()]
    notifications = [event["text"] for event in events if event["event"] == "notification"]
    drift, breach = (event for event in events if event["event"] != "notification")
    assert (drift["event"], breach["event"]) == ("drift", "breach")
    if find_prometheus() and find_alertmanager():  # tests of their own fail where CI lacks them
        assert any(re.search(r"delivered after \d+\.\d s: .* FairnessBreach .*gender", text) for text in notifications)
    else:
        assert "not installed: apt install prometheus" in err
    alert = breach["alert"]
    assert (alert["attribute"], alert["group"]) == ("gender", "female")
    assert alert["disparate_impact_ratio"] < 1
    assert alert["cause"]["driver"] in ("rate", "rate_not_mix")
    assert not list(tmp_path.iterdir())


@pytest.mark.timeout(900)
def test_without_a_drift_no_alert_comes_and_the_demo_ends_with_1(kafka: str, tmp_path: Path) -> None:
    arguments = ("--exit-on-alert", "--drift", "0", "--fair-s", "10", "--rate", "400", "--duration-s", "35")
    with _demo(tmp_path, "--kafka", kafka, *arguments) as process:
        out, err = process.communicate(timeout=600)
    assert process.returncode == 1, err
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events if event["event"] != "notification"] == ["no_alert"], err
    assert not [event for event in events if "FairnessBreach" in event["text"]]


@pytest.mark.timeout(900)
def test_ctrl_c_leaves_neither_processes_nor_files(tmp_path: Path) -> None:
    if not cached_jars(default_cache_dir()):
        skip_or_fail("The jars of the local Kafka are not there yet")
    with _demo(tmp_path) as process:
        deadline = time.monotonic() + 300
        while len(_descendants(process)) < 8:  # broker, worker, producer, web application, each with its watcher
            assert time.monotonic() < deadline, "the parts of the demo did not start"
            assert process.poll() is None, process.communicate()
            time.sleep(0.2)
        assert process.stderr
        output = ""
        while _WEB.search(output) is None:  # the alert does not wait for the web application, so only here it must come
            line = process.stderr.readline()
            assert line, output
            output += line
        descendants = _descendants(process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=600)
    assert process.returncode == 0
    _assert_all_gone(descendants)
    assert not list(tmp_path.iterdir())


@pytest.mark.timeout(900)
def test_a_killed_demo_takes_its_processes_along(tmp_path: Path) -> None:
    if not cached_jars(default_cache_dir()):
        skip_or_fail("The jars of the local Kafka are not there yet")
    with _demo(tmp_path) as process:
        deadline = time.monotonic() + 300
        while len(_descendants(process)) < 4:  # broker and worker, each with its watcher
            assert time.monotonic() < deadline, "the parts of the demo did not start"
            time.sleep(0.2)
        descendants = _descendants(process)
        process.kill()
        process.communicate(timeout=600)
    _assert_all_gone(descendants)
