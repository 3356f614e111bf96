"""A worker process against what a lane cannot recover from, and against a broker that comes and goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from producers.event import Event
from producers.publish import Destination, publish
from producers.simulated.drift import DriftSchedule
from producers.simulated.loans import simulate_loans
from producers.timeline import Timeline
from stream_app.edges.kafka.local.broker import LocalKafka
from stream_app.topics import DEAD_LETTERS, changelog_topic
from tests.programs.chaos.logs import read_json, read_raw, read_sources
from tests.support.servers.brokers import START_S
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def site(kafka: str, tmp_path: Path, app_id: str) -> Site:
    return open_site(kafka, tmp_path, app_id, "loans", n_partitions=1)


def loans(n: int, minute: int = 0) -> Iterator[Event]:
    return islice(simulate_loans(1, Timeline(1_795_449_600_000 + 60_000 * minute, 0.01), DriftSchedule()), n)


def send(site: Site, n: int, minute: int = 0) -> None:
    publish(loans(n, minute), Destination(site.kafka, site.models[0]["topic"]))


def n_published(site: Site) -> int:
    return sum(len(offsets) for offsets in read_sources(site.kafka, site.models[0]["output_topic"]).values())


def n_rejected(site: Site) -> int:
    letters = read_json(site.kafka, DEAD_LETTERS, site.app_id)
    return sum(letter["topic"] == site.models[0]["topic"] for letter in letters)


def test_a_change_of_the_policy_that_cannot_be_followed_ends_the_worker_with_70_and_what_to_do(site: Site) -> None:
    with site.worker() as worker:
        send(site, 100)
        site.wait_until("all are published", lambda: n_published(site) == 100)
        assert worker.stop() == 0
    text = site.policy_file.read_text("utf-8")
    site.policy_file.write_text(text.replace('path = "ts",', 'path = "ts", pane_s = 5,'), "utf-8")
    with site.worker() as worker:
        assert worker.wait(300) == 70
    last = site.log_path.read_text("utf-8").strip().splitlines()[-1]
    assert last.startswith("fairstream: ")  # ingest and judge both stop; the faster one is reported
    assert "FAIRSTREAM_APP_ID" in last
    assert not Path(f"{site.app_id}-data").exists()  # Faust makes one by default; a container may not write there


@pytest.mark.parametrize(("key", "garbage"), [(b"meta", b"\xc1garbage"), (b"next", b"garbage")])
def test_a_damaged_state_ends_the_worker_with_70_and_a_line_that_names_it(
    site: Site, key: bytes, garbage: bytes
) -> None:
    with site.worker() as worker:
        send(site, 100)
        site.wait_until("all are published", lambda: n_published(site) == 100)
        assert worker.stop() == 0
    changelog = changelog_topic(site.app_id, "ingest", site.models[0]["name"])
    producer = Producer({"bootstrap.servers": site.kafka})
    producer.produce(changelog, garbage, key, partition=0)
    assert producer.flush(120) == 0
    with site.worker() as worker:
        assert worker.wait(300) == 70
    last = site.log_path.read_text("utf-8").strip().splitlines()[-1]
    assert last.startswith("fairstream: ")
    assert changelog in site.log_path.read_text("utf-8")
    assert "garbage" not in site.log_path.read_text("utf-8")


def test_a_record_too_large_to_be_published_again_is_refused_and_the_lane_goes_on(site: Site) -> None:
    """As large as the broker takes it; pseudonyms are longer than identifiers, so its output would be larger."""
    event = json.loads(next(loans(1)).value)
    producer = Producer({"bootstrap.servers": site.kafka, "message.max.bytes": 2_000_000, "compression.type": "gzip"})
    for size in (1_000_000, 1_048_300, 1_048_576):
        record: dict[str, Any] = {**event, "application_id": f"A-{size}", "region": ""}
        record["region"] = "x" * (size - len(json.dumps(record)))
        producer.produce(site.models[0]["topic"], json.dumps(record).encode(), partition=0)
    assert producer.flush(120) == 0
    send(site, 100, minute=1)
    with site.worker() as worker:
        site.wait_until("the others are published", lambda: n_published(site) >= 100)
        site.wait_until("each is published or rejected", lambda: n_published(site) + n_rejected(site) == 103)
        assert worker.exit_code() is None


def test_a_worker_outlives_its_broker_and_counts_every_event_once(tmp_path: Path, app_id: str) -> None:
    with LocalKafka(tmp_path / "kafka", start_timeout_s=START_S) as broker:
        site = open_site(broker.bootstrap, tmp_path, app_id, "loans", n_partitions=2)
        with site.worker() as worker:
            send(site, 3000)
            site.wait_until("all are published", lambda: n_published(site) == 3000)
            for minute in (1, 2):
                broker.kill()
                broker.start()
                send(site, 3000, minute=minute)
                site.wait_until("all are published", lambda n=3000 * (minute + 1): n_published(site) == n)  # type: ignore[misc]
                assert worker.exit_code() is None
            assert worker.stop() == 0
        sources = read_sources(site.kafka, site.models[0]["output_topic"])
        raw = read_raw(site.kafka, site.models[0]["topic"])
        assert sources == {partition: [record.offset for record in log] for partition, log in raw.items()}
