"""Identifiers that carry a random marker are looked for everywhere that a worker and its commands write to.

The canary is in identifiers, in labels, in fields that must be dropped, in keys that nobody declared, and in records
that cannot be decoded. It may be found in the raw topics, which belong to the customer, and nowhere else.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from stream_app.edges.files.key_file import create_key_file, key_file_path
from stream_app.edges.host.processes import BoundProcess
from stream_app.edges.kafka.admin import create_topics
from stream_app.policy import load_policy
from stream_app.topics import declared_topics
from tests.support.paths import ROOT

_WAIT_S = 60.0
_N_GOOD = 800  # over 40 s: about fifty of each group in a window of ten


@cache
def _now_s() -> float:
    """Return the time of the last record, whenever it is sent: a busy machine must not thin the windows out."""
    return time.time()


def _iso(seconds_ago: float) -> str:
    return datetime.fromtimestamp(_now_s() - seconds_ago, UTC).isoformat()


def _loan(canary: str, number: int, **changes: Any) -> bytes:
    record = {
        "application_id": f"{canary}-A{number}",
        "applicant_id": f"{canary}-P{number % 7}",
        "ts": _iso(40 - number * 0.05),
        "gender": ("female", "male", f"{canary}-g", None)[number % 4],
        "approved": number % 3 > 0,
    }
    return json.dumps(record | changes).encode()


def _sighting(canary: str, number: int) -> bytes:
    record = {
        "track_id": f"{canary}-T{number}",
        "person_id": f"{canary}-person",
        "ts": _iso(40 - number * 0.05),
        "zone": ("hall", "street", f"{canary}-zone")[number % 3],
        "gps": {"lat": f"{canary}-lat", "lon": 4.9, f"{canary}-key": 1},
        "bbox": {"left": 0.1, "top": 0.1, "right": 0.2, "bottom": 0.2},
        "plate": f"{canary}-plate",
        f"{canary}-field": {"face": f"{canary}-face"},
    }
    return json.dumps(record).encode()


def _frame(canary: str, number: int) -> bytes:
    """Return an event of Frigate with all that one can leak."""
    state = {
        "id": f"{canary}-F{number}",
        "camera": f"{canary}-camera",
        "frame_time": _now_s() - 40 + number * 0.05,
        "label": f"{canary}-label",
        "sub_label": f"{canary}-name",
        "score": 0.9,
        "current_zones": [("hall", "street", f"{canary}-zone")[number % 3]],
        "recognized_license_plate": f"{canary}-plate",
        "thumbnail": f"{canary}-picture",
        f"{canary}-key": [canary] * 3,
    }
    return json.dumps({"type": "update", "before": state, "after": state}).encode()


def _bad_records(canary: str) -> list[bytes]:
    good = _loan(canary, 0)
    return [
        good[:-9],
        f"{canary} is no JSON".encode(),
        _loan(canary, 1, **{canary: 1}),
        _loan(canary, 2, ts=f"{canary}-ts"),
        _loan(canary, 3, approved=canary),
        _loan(canary, 4, application_id=f"{canary}\u0000"),
        good.replace(b"}", b', "gender": "' + canary.encode() + b'"}'),
        _loan(canary, 5, ts="9999-01-01T00:00:00Z"),
        _loan(canary, _N_GOOD + 1, ts=_iso(4000)),
    ]


@pytest.fixture
def canary() -> str:
    return f"CANARY{uuid.uuid4().hex}"


@pytest.fixture
def stage(kafka: str, tmp_path: Path, fresh_name: Callable[[str], str], app_id: str) -> Iterator[dict[str, Any]]:
    """Run a worker at debug level, with its own keys and topics."""
    loans, camera, frames = fresh_name("l"), fresh_name("c"), fresh_name("f")
    text = Path(__file__).with_name("canary-policy.toml").read_text("utf-8")
    for name, topic in {"{loans}": loans, "{camera}": camera, "{frames}": frames}.items():
        text = text.replace(name, topic)
    policy_file = tmp_path / "policy.toml"
    policy_file.write_text(text, "utf-8")
    policy = load_policy(str(policy_file))
    specs = declared_topics(policy, app_id)
    create_topics(kafka, specs)
    create_key_file(key_file_path(tmp_path))
    environment = os.environ | {
        "FAIRSTREAM_KAFKA": kafka,
        "FAIRSTREAM_STATE": str(tmp_path),
        "FAIRSTREAM_POLICY": str(policy_file),
        "FAIRSTREAM_APP_ID": app_id,
        "FAIRSTREAM_LOG_LEVEL": "debug",
        "FAIRSTREAM_METRICS_PORT": "0",
        "PYTHONFAULTHANDLER": "1",
        "TMPDIR": str(tmp_path / "tmp"),
    }
    (tmp_path / "tmp").mkdir()
    log = tmp_path / "worker.log"
    command = [sys.executable, "-m", "stream_app", "worker"]
    with BoundProcess(command, log, env=environment) as worker:
        yield {
            "kafka": kafka,
            "loans": loans,
            "camera": camera,
            "frames": frames,
            "topics": [spec.name for spec in specs],
            "folder": tmp_path,
            "log": log,
            "worker": worker,
            "environment": environment,
            "app_id": app_id,
        }


def _all_records(kafka: str, topics: list[str]) -> Iterator[tuple[str, Any]]:
    """Yield every record of some topics, uncommitted ones and internal topics too."""
    consumer = KafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest", enable_auto_commit=False)
    try:
        partitions = [TopicPartition(t, p) for t in topics for p in consumer.partitions_for_topic(t) or ()]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        deadline = time.monotonic() + _WAIT_S
        while any(consumer.position(tp) < end for tp, end in ends.items()):
            assert time.monotonic() < deadline, "the topics cannot be read to their end"
            for records in consumer.poll(timeout_ms=500).values():
                for record in records:
                    yield record.topic, record
    finally:
        consumer.close()


def _metrics(log: Path) -> str:
    """Return what the worker exports, once it says where."""
    port = log.read_text("utf-8").replace("\n", "").partition("http://127.0.0.1:")[2].partition("/")[0]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        text: str = answer.read().decode()
        return text


def _published(stage: dict[str, Any]) -> list[Any]:
    """Return the published counts of the frames, as the command prints them."""
    flags = ["--model", stage["frames"], "--all", "--json", "--kafka", stage["kafka"]]
    command = [sys.executable, "-m", "stream_app", "results", "--policy", str(stage["folder"] / "policy.toml"), *flags]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    return [json.loads(line) for line in printed.splitlines()]


def _value(metrics: str, name: str, *labels: str) -> float:
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in metrics.splitlines()
        if line.startswith(name + "{") and all(label in line for label in labels)
    )


def _wait_until_counted(stage: dict[str, Any], n_bad: int) -> str:
    deadline = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        assert stage["worker"].exit_code() is None, "the worker ended"
        try:
            metrics = _metrics(stage["log"])
        except (OSError, ValueError):
            metrics = ""
        counted = _value(metrics, "fairstream_decisions_total")
        rejected = _value(metrics, "fairstream_dead_letters_total") + _value(metrics, "fairstream_late_events_total")
        # A window may close before the first comparison period was tested: then its state is insufficient.
        closed = sum(
            _value(metrics, "fairstream_windows_closed_total", stage["loans"], f'"{result}"')
            for result in ("published", "insufficient")
        )
        if counted >= 3 * _N_GOOD and rejected >= n_bad and closed:
            return metrics
        time.sleep(0.3)
    pytest.fail(f"the worker did not count the records in time: {counted} {rejected} {closed}\n{metrics}")


def _topics_of(stage: dict[str, Any]) -> set[str]:
    """Return the topics of the broker that belong to this deployment, changelogs too."""
    consumer = KafkaConsumer(bootstrap_servers=stage["kafka"])
    try:
        mine = (stage["app_id"], stage["loans"], stage["camera"])
        return {topic for topic in consumer.topics() if any(name in topic for name in mine)}
    finally:
        consumer.close()


def _commands(stage: dict[str, Any]) -> list[list[str]]:
    """Return commands that print, report and export what the worker has read and written.

    ``policy check --sample`` is not among them: it shows labels that k records have and the policy does not list.
    """
    loans = ["--model", stage["loans"]]
    export = [
        "--from",
        "1d",
        "--to",
        "now",
        "--out",
        f"{stage['folder']}/records.jsonl",
        "--unsafe-records",
        "--reason",
        "the search for canaries",
    ]
    return [
        ["audit", "init"],
        ["replay", "run", "--from", "1d", "--from-raw", *loans],
        ["replay", "run", "--from", "1d", "--published", "--unsafe-exact", "--json", *loans],
        ["replay", "export-records", *export, *loans],
        ["results", "--json"],
        [
            "privacy",
            "inspect",
            "--topic",
            f"{stage['camera']}-raw",
            "--policy",
            f"{stage['folder']}/policy.toml",
            "--model",
            stage["camera"],
        ],
        ["audit", "record"],
    ]


@pytest.mark.timeout(240)
def test_a_canary_in_identifiers_and_bad_records_is_found_in_the_raw_topics_only(
    stage: dict[str, Any], canary: str
) -> None:
    producer = KafkaProducer(bootstrap_servers=stage["kafka"], acks="all")
    bad = _bad_records(canary)
    for number in range(_N_GOOD):
        producer.send(f"{stage['loans']}-raw", key=canary.encode(), value=_loan(canary, number), partition=0)
        producer.send(f"{stage['camera']}-raw", key=canary.encode(), value=_sighting(canary, number), partition=0)
        producer.send(f"{stage['frames']}-raw", key=canary.encode(), value=_frame(canary, number), partition=0)
    for value in bad:
        producer.send(f"{stage['loans']}-raw", value=value, partition=0)
    producer.flush()
    producer.close()

    metrics = _wait_until_counted(stage, len(bad))
    assert canary not in metrics

    stage["worker"].signal(signal.SIGABRT)  # the crash message of Python's fault handler goes to the log
    stage["worker"].wait(30)
    log = stage["log"].read_text("utf-8", "replace")
    assert "Fatal Python error" in log
    assert canary not in log

    for words in _commands(stage):
        done = subprocess.run(
            [sys.executable, "-m", "stream_app", *words],
            env=stage["environment"],
            capture_output=True,
            timeout=60,
            check=False,
            cwd=ROOT,
        )
        assert done.returncode == 0, (words, done.stderr[-500:])
        assert canary.encode() not in done.stdout + done.stderr, f"the canary leaked into the output of {words}"

    marker = canary.encode()
    seen_in_raw, written = 0, 0
    for topic, record in _all_records(stage["kafka"], [*stage["topics"], "__consumer_offsets", "__transaction_state"]):
        parts = [record.key or b"", record.value or b"", *(v or b"" for _, v in record.headers)]
        is_in_it = any(marker in part for part in parts) or any(canary in name for name, _ in record.headers)
        if topic.endswith("-raw"):
            seen_in_raw += is_in_it
        else:
            written += 1
            assert not is_in_it, f"the canary leaked into {topic}"
    assert seen_in_raw >= 3 * _N_GOOD, "the test must be able to see the canary"
    assert written > 3 * _N_GOOD, "the worker must have written something"
    assert _topics_of(stage) <= {*stage["topics"]}, "every topic of the deployment was read"

    shown = _published(stage)
    assert {record["noise"] for record in shown} == {"discrete Laplace"}
    assert {record["scale"] for record in shown} == {"4"}
    assert any(record["cells"] for record in shown), "about eighty in each cell, and a noise of four"

    names = [path.name for path in stage["folder"].rglob("*")]
    assert {"manifest.json", "report.html", "records.jsonl"} <= {*names}, "exports and reports exist"
    assert any(name.startswith("seg-") for name in names), "the audit log exists"
    for path in stage["folder"].rglob("*"):
        if path.is_file():
            assert marker not in path.read_bytes(), f"the canary leaked into {path.name}"
