"""The budget of epsilon survives workers that are killed: nothing is paid twice, and a window has one set of counts."""

from __future__ import annotations

import json
import urllib.request
from collections import defaultdict
from datetime import UTC, datetime
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families

from stream_app.core.noise.pooling import Rung
from stream_app.core.noise.release import ReleaseQuestion, noise_key, with_noise
from stream_app.core.noise.track_counts import Cell
from stream_app.edges.files.key_file import key_file_path, load_keys
from stream_app.pipeline.seals import take_seal
from stream_app.policy import SHIPPED
from stream_app.topics import CAMERA_AGGREGATES
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)

DAY_S = 1_795_392_000  # 2026-11-23, so that no window is near its end
EPSILON, BUDGET, MOST_CELLS, N_TRACKS = Fraction(3, 5), Fraction(1), 4, 12
NOISE = f'[models.publication]\nmost_cells = {MOST_CELLS}\nnoise = {{ epsilon = "{EPSILON}", budget = "{BUDGET}" }}\n'
QUICK = {"FAIRSTREAM_SESSION_TIMEOUT_S": "2"}  # so that the next worker soon has the partitions of the killed one


def send(site: Site, minutes: range) -> None:
    """Send the tracks of each minute, all in one cell."""
    producer = Producer({"bootstrap.servers": site.kafka})
    place = {"site": "market", "zone": "hall", "class": "person", "dwell_s": 1.0}
    box = {"left": 0.1, "top": 0.2, "right": 0.3, "bottom": 0.4}
    for minute in minutes:
        for number in range(N_TRACKS):
            at = datetime.fromtimestamp(DAY_S + 60 * minute + number, UTC).isoformat()
            record = {"track_id": f"T-{minute}-{number}", "ts": at, "bbox": box, **place}
            producer.produce(site.models[0]["topic"], json.dumps(record).encode(), key=str(number).encode())
    assert producer.flush(120) == 0


def published(site: Site, isolation: str = "read_committed") -> dict[int, list[dict[str, Any]]]:
    """Return what was written about the minutes of the model, by minute, each with all its versions."""
    consumer = Consumer({
        "bootstrap.servers": site.kafka, "group.id": site.app_id + "-look", "isolation.level": isolation,
        "enable.partition.eof": True, "enable.auto.commit": False,
    })  # fmt: skip
    name = str(site.models[0]["name"])
    partitions = consumer.list_topics(CAMERA_AGGREGATES, 30).topics[CAMERA_AGGREGATES].partitions
    consumer.assign([TopicPartition(CAMERA_AGGREGATES, number, OFFSET_BEGINNING) for number in partitions])
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    n_at_end = 0
    while n_at_end < len(partitions):
        message = consumer.poll(120)
        assert message is not None
        if message.error():  # the end of a partition
            n_at_end += 1
        elif name.encode() in (message.value() or b""):
            record = json.loads(take_seal(message.value() or b"")[0])
            if record["window"] == "1m":
                found[(record["start_s"] - DAY_S) // 60].append(record)
    consumer.close()
    return found


def cells_with_noise(site: Site, minute: int) -> dict[tuple[str, ...], int]:
    """Return what the documentation says about the cells of a minute that are not hidden."""
    model = site.policy.models[0]
    groups, k = tuple(attribute.groups for attribute in model.attributes), model.privacy.k
    question = ReleaseQuestion(model.name, DAY_S, groups, (Rung(60),), k, MOST_CELLS, EPSILON)
    counts = {
        labels: with_noise(
            question,
            Cell(labels, DAY_S + 60 * minute),
            N_TRACKS if labels == ("market", "hall", "person") else 0,
            noise_key(load_keys(key_file_path(site.folder))[0].secret),
        )
        for labels in product(*groups)
    }
    return {labels: n for labels, n in counts.items() if n >= k}


def budget_left(site: Site) -> float:
    port = site.log_path.read_text("utf-8").rpartition("http://127.0.0.1:")[2].partition("/")[0]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        families = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}
    [sample] = families["fairstream_epsilon_left_ratio"].samples
    return sample.value


def test_killed_workers_have_paid_once_and_what_they_wrote_is_what_the_next_one_writes(
    kafka: str, tmp_path: Path, app_id: str
) -> None:
    policy = (SHIPPED / "camera.toml").read_text("utf-8").replace("max_age_s = 259200", "max_age_s = 31536000")
    site = open_site(kafka, tmp_path, app_id, policy + NOISE, n_partitions=1)
    n_sent = 0
    for n_more, n_published in ((60, 1), (300, 61)):  # killed after its first commit, and in the middle of many
        with site.worker(**QUICK) as worker:
            send(site, range(n_sent, n_sent + n_more))
            n_sent += n_more
            site.wait_until(f"{n_published} are published", lambda n=n_published: len(published(site)) >= n)  # type: ignore[misc]
            worker.kill()
    with site.worker(**QUICK) as worker:
        send(site, range(n_sent, n_sent + 2))
        site.wait_until("all are published", lambda: len(published(site)) >= n_sent)
        left = pytest.approx(float(1 - EPSILON / BUDGET))
        site.wait_until("the budget that is left is exported, after the commit", lambda: budget_left(site) == left)
        assert worker.stop() == 0
    committed, written = published(site), published(site, "read_uncommitted")
    assert sorted(committed) == list(range(max(committed) + 1))
    assert {len(versions) for versions in committed.values()} == {1}
    for minute, versions in written.items():  # also what a killed worker wrote and did not commit
        expected = cells_with_noise(site, minute)
        for version in versions:
            assert {tuple(cell["labels"].values()): cell["n"] for cell in version["cells"]} == expected
    paid = {(record["noise"], record["epsilon"], record["renews_s"]) for [record] in committed.values()}
    assert paid == {("discrete Laplace", str(EPSILON), None)}
