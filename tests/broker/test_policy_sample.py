"""``fairstream policy check --sample topic`` against a real Kafka."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import KafkaProducer

from stream_app.edges.kafka.admin import create_topics
from stream_app.edges.kafka.readers.newest_records import read_newest
from stream_app.policy import SHIPPED, parse_policy
from stream_app.topics import declared_topics
from tests.support.lanes.ingest_lane import encode, iso, loan


@pytest.fixture
def policy_file(tmp_path: Path, fresh_name: Callable[[str], str], kafka: str, app_id: str) -> Path:
    """Return the policy of the loans under an unused topic, which exists with 4 partitions."""
    text = (SHIPPED / "loans.toml").read_text("utf-8").replace('"loan-decisions-raw"', f'"{fresh_name("raw")}"')
    path = tmp_path / "policy.toml"
    path.write_text(text)
    create_topics(kafka, [spec for spec in declared_topics(parse_policy(text), app_id) if spec.role == "raw"])
    return path


def topic_of(policy_file: Path) -> str:
    return parse_policy(policy_file.read_text()).models[0].topic


def send(kafka: str, topic: str, records: list[tuple[int, bytes | None]]) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka)
    for partition, value in records:
        producer.send(topic, value=value, key=b"k", partition=partition)
    producer.flush()
    producer.close()


def check(kafka: str, policy_file: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stream_app", "policy", "check", str(policy_file), "--sample", "topic"]
    return subprocess.run(
        [*command, "--kafka", kafka, "--json", *flags], capture_output=True, text=True, timeout=300, check=False
    )


def test_the_newest_records_of_each_partition_are_tried(kafka: str, policy_file: Path) -> None:
    now_s = time.time()
    good = [(n % 3, encode(loan(application_id=f"A-{n}", ts=iso(now_s)))) for n in range(30)]
    send(kafka, topic_of(policy_file), [(0, b"old and broken"), *good, (0, b"{"), (1, None)])
    everything = json.loads(check(kafka, policy_file).stdout.splitlines()[1])
    assert (everything["n_records"], everything["n_counted"], everything["n_tombstones"]) == (33, 30, 1)
    assert everything["dead_letters"] == {"json": 2}
    outcome = check(kafka, policy_file, "--records", "8")  # two of each partition, the fourth is empty
    newest = json.loads(outcome.stdout.splitlines()[1])
    assert (newest["n_records"], newest["n_counted"]) == (6, 4)
    assert outcome.returncode == 0
    assert "A-1" not in outcome.stdout + outcome.stderr


def test_an_empty_topic_has_no_event_to_decode(kafka: str, policy_file: Path) -> None:
    outcome = check(kafka, policy_file)
    assert outcome.returncode == 1
    assert "No record of the sample" in outcome.stderr


def test_a_missing_topic_is_named(kafka: str, policy_file: Path, fresh_name: Callable[[str], str]) -> None:
    text = policy_file.read_text().replace(topic_of(policy_file), fresh_name("missing"))
    policy_file.write_text(text)
    outcome = check(kafka, policy_file)
    assert outcome.returncode == 2
    assert f"Missing topics: {fresh_name('missing')}. Run: fairstream topics create" in outcome.stderr


def test_a_batch_of_the_tail_is_what_a_lane_would_get(kafka: str, policy_file: Path) -> None:
    topic = topic_of(policy_file)
    send(kafka, topic, [(2, b"a"), (2, None), (2, b"b"), (3, b"c")])
    batches = read_newest(kafka, topic, 8)
    assert [(batch.partition, batch.values) for batch in batches] == [(2, [None, b"b"]), (3, [b"c"])]
    assert batches[0].offsets.tolist() == [1, 2]
    assert (batches[0].first_offset, batches[0].next_offset) == (1, 3)
    assert all(abs(stamp / 1000 - time.time()) < 3600 for batch in batches for stamp in batch.timestamps_ms.tolist())
