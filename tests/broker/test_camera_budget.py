"""The budget of epsilon survives a worker that is killed: nothing is paid twice, and a window has one set of counts."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from stream_app.pipeline.seals import take_seal
from stream_app.policy import SHIPPED
from stream_app.topics import CAMERA_AGGREGATES
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(180)

DAY_S = 1_795_392_000  # 2026-11-23, so that no window is near its end
NOISE = '[models.publication]\nmost_cells = 4\nnoise = {{ epsilon = "{}", budget = "1" }}\n'


def with_noise(epsilon: str) -> str:
    text = (SHIPPED / "camera.toml").read_text("utf-8").replace("max_age_s = 259200", "max_age_s = 31536000")
    return text + NOISE.format(epsilon)


def send(site: Site, minutes: range) -> None:
    """Send twelve tracks for each minute."""
    producer = Producer({"bootstrap.servers": site.kafka})
    place = {
        "site": "market",
        "zone": "hall",
        "class": "person",
        "dwell_s": 1.0,
        "bbox": {"left": 0.1, "top": 0.2, "right": 0.3, "bottom": 0.4},
    }
    for minute in minutes:
        for number in range(12):
            at = datetime.fromtimestamp(DAY_S + 60 * minute + number, UTC).isoformat().replace("+00:00", "Z")
            record = {"track_id": f"T-{minute}-{number}", "ts": at, **place}
            producer.produce(site.models[0]["topic"], json.dumps(record).encode(), key=str(number).encode())
    assert producer.flush(30) == 0


def published(site: Site, isolation: str) -> dict[int, list[dict[str, Any]]]:
    """Return what was written about the minutes of the model, by minute, each with all its versions."""
    consumer = Consumer({
        "bootstrap.servers": site.kafka, "group.id": site.app_id + "-look", "isolation.level": isolation,
        "enable.partition.eof": True, "enable.auto.commit": False,
    })  # fmt: skip
    partitions = consumer.list_topics(CAMERA_AGGREGATES, 30).topics[CAMERA_AGGREGATES].partitions
    consumer.assign([TopicPartition(CAMERA_AGGREGATES, number, OFFSET_BEGINNING) for number in partitions])
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    n_at_end = 0
    while n_at_end < len(partitions):
        message = consumer.poll(30)
        assert message is not None
        if message.error():  # the end of a partition
            n_at_end += 1
            continue
        record = json.loads(take_seal(message.value() or b"")[0])
        if record["model"] == site.models[0]["name"] and record["window"] == "1m":
            found[(record["start_s"] - DAY_S) // 60].append(record)
    consumer.close()
    return found


def test_a_killed_worker_has_paid_and_what_it_wrote_is_what_the_next_one_writes(
    kafka: str, tmp_path: Path, app_id: str
) -> None:
    site = open_site(kafka, tmp_path, app_id, with_noise("3/5"), n_partitions=1)
    with site.worker(FAIRSTREAM_SESSION_TIMEOUT_S="3") as worker:
        send(site, range(20))
        site.wait_until("some are published", lambda: len(published(site, "read_committed")) >= 10)
        send(site, range(20, 400))
        worker.kill()
    n_before = len(published(site, "read_committed"))
    with site.worker() as worker:
        send(site, range(400, 402))
        site.wait_until("all are published", lambda: len(published(site, "read_committed")) >= 400)
        assert worker.stop() == 0
    committed, written = published(site, "read_committed"), published(site, "read_uncommitted")
    print(f"{n_before} windows before the kill; versions: {max(map(len, written.values()))}")  # noqa: T201
    assert sorted(committed) == list(range(max(committed) + 1))
    assert {len(versions) for versions in committed.values()} == {1}
    for minute, versions in written.items():  # also what a killed worker wrote and did not commit
        assert [version["cells"] for version in versions] == [committed[minute][0]["cells"]] * len(versions)
    paid = {(record["noise"], record["epsilon"], record["renews_s"]) for [record] in committed.values()}
    assert paid == {("discrete Laplace", "3/5", None)}
    # Another noise on the same day would cost 1/2 more than is left.
    site.policy_file.write_text(site.policy_file.read_text("utf-8").replace('"3/5"', '"1/2"'), "utf-8")
    with site.worker() as worker:
        send(site, range(402, 420))
        site.wait_until("the next are published", lambda: len(published(site, "read_committed")) >= 415)
        assert worker.stop() == 0
    later = [record for minute, [record] in published(site, "read_committed").items() if minute >= 405]
    assert {(record["renews_s"], len(record["cells"])) for record in later} == {(DAY_S + 86_400, 0)}
    assert Fraction(3, 5) + Fraction(1, 2) > 1
