"""A worker at debug level with its own keys and topics, and what it and the broker have."""

from __future__ import annotations

import os
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from stream_app.edges.files.key_file import create_key_file, key_file_path
from stream_app.edges.host.processes import BoundProcess
from stream_app.edges.kafka.admin import create_topics
from stream_app.policy import load_policy
from stream_app.topics import declared_topics
from tests.support.canary.records import N_GOOD, frame, loan, sighting
from tests.support.paths import ROOT

_WAIT_S = 300.0
_POLICY = ROOT / "tests" / "e2e" / "canary-policy.toml"


@dataclass(frozen=True)
class Stage:
    """One deployment.

    Attributes:
        kafka: The broker.
        loans: Name of the model of decisions, with which its topics begin.
        camera: Likewise of sightings.
        frames: Likewise of frames of Frigate.
        topics: Every topic of the deployment.
        folder: State folder, with policy, keys and logs.
        environ: Settings of every command.
        app_id: Consumer group.
        worker: The worker.
    """

    kafka: str
    loans: str
    camera: str
    frames: str
    topics: list[str]
    folder: Path
    environ: dict[str, str]
    app_id: str
    worker: BoundProcess

    @property
    def policy_file(self) -> Path:
        return self.folder / "policy.toml"

    @property
    def log(self) -> Path:
        return self.folder / "worker.log"

    def send(self, canary: str, bad: list[bytes]) -> None:
        """Write good records of every kind, then bad ones."""
        producer = KafkaProducer(bootstrap_servers=self.kafka, acks="all")
        for number in range(N_GOOD):
            for topic, make in ((self.loans, loan), (self.camera, sighting), (self.frames, frame)):
                producer.send(f"{topic}-raw", key=canary.encode(), value=make(canary, number), partition=0)
        for value in bad:
            producer.send(f"{self.loans}-raw", value=value, partition=0)
        producer.flush()
        producer.close()

    def wait_until_counted(self, n_bad: int) -> str:
        """Return what the worker exports once it has counted everything and closed a window of loans and of frames."""
        deadline = time.monotonic() + _WAIT_S
        while time.monotonic() < deadline:
            assert self.worker.exit_code() is None, "the worker ended"
            try:
                metrics = self._metrics()
            except (OSError, ValueError):
                metrics = ""
            counted = _value(metrics, "fairstream_decisions_total")
            rejected = _value(metrics, "fairstream_dead_letters_total") + _value(
                metrics, "fairstream_late_events_total"
            )
            # A window may close before the first comparison period was tested: then its state is insufficient.
            closed = min(
                sum(
                    _value(metrics, "fairstream_windows_closed_total", model, f'"{result}"')
                    for result in ("published", "insufficient")
                )
                for model in (self.loans, self.frames)
            )
            if counted >= 3 * N_GOOD and rejected >= n_bad and closed:
                return metrics
            time.sleep(0.3)
        pytest.fail(f"the worker did not count the records in time: {counted} {rejected} {closed}\n{metrics}")

    def all_records(self) -> Iterator[tuple[str, Any]]:
        """Yield every record of the topics, uncommitted ones and internal topics too."""
        consumer = KafkaConsumer(bootstrap_servers=self.kafka, auto_offset_reset="earliest", enable_auto_commit=False)
        topics = [*self.topics, "__consumer_offsets", "__transaction_state"]
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

    def topics_of_broker(self) -> set[str]:
        """Return the topics of the broker that belong to this deployment, changelogs too."""
        consumer = KafkaConsumer(bootstrap_servers=self.kafka)
        try:
            mine = (self.app_id, self.loans, self.camera)
            return {topic for topic in consumer.topics() if any(name in topic for name in mine)}
        finally:
            consumer.close()

    def _metrics(self) -> str:
        port = self.log.read_text("utf-8").replace("\n", "").partition("http://127.0.0.1:")[2].partition("/")[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=120) as answer:
            text: str = answer.read().decode()
            return text


@contextmanager
def run_stage(kafka: str, folder: Path, fresh_name: Callable[[str], str], app_id: str) -> Iterator[Stage]:
    """Run a worker until the block ends."""
    loans, camera, frames = fresh_name("l"), fresh_name("c"), fresh_name("f")
    text = _POLICY.read_text("utf-8")
    for name, topic in {"{loans}": loans, "{camera}": camera, "{frames}": frames}.items():
        text = text.replace(name, topic)
    policy_file = folder / "policy.toml"
    policy_file.write_text(text, "utf-8")
    specs = declared_topics(load_policy(str(policy_file)), app_id)
    create_topics(kafka, specs)
    create_key_file(key_file_path(folder))
    environ = os.environ | {
        "FAIRSTREAM_KAFKA": kafka,
        "FAIRSTREAM_STATE": str(folder),
        "FAIRSTREAM_POLICY": str(policy_file),
        "FAIRSTREAM_APP_ID": app_id,
        "FAIRSTREAM_LOG_LEVEL": "debug",
        "FAIRSTREAM_METRICS_PORT": "0",
        "PYTHONFAULTHANDLER": "1",
        "TMPDIR": str(folder / "tmp"),
    }
    (folder / "tmp").mkdir()
    topics = [spec.name for spec in specs]
    command = [sys.executable, "-m", "stream_app", "worker"]
    with BoundProcess(command, folder / "worker.log", env=environ) as worker:
        yield Stage(kafka, loans, camera, frames, topics, folder, environ, app_id, worker)


def _value(metrics: str, name: str, *labels: str) -> float:
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in metrics.splitlines()
        if line.startswith(name + "{") and all(label in line for label in labels)
    )
