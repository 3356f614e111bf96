"""``replay verify`` against what a real worker wrote, and against copies of the source that were tampered with."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from stream_app.policy import load_policy
from tests.programs.chaos.recount import Record
from tests.support.servers.replay_stage import (
    TAMPERINGS,
    Change,
    Tampering,
    changed,
    copy_topic,
    judged_site,
    live_results,
    offset_that_matters,
)
from tests.support.servers.sites import Site

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def site(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("replay")
    return judged_site(kafka, folder, f"it-{folder.name}-{folder.stat().st_ino}")


def verify(site: Site, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = site.command("replay", "verify", "--json", *arguments)
    return done.returncode, json.loads(done.stdout) if done.stdout else {"error": done.stderr}


def committed(site: Site) -> dict[int, int]:
    consumer = Consumer({"bootstrap.servers": site.kafka, "group.id": site.app_id, "log_level": 0})
    try:
        places = consumer.committed([TopicPartition(site.models[0]["topic"], p) for p in range(4)], timeout=120)
        return {place.partition: place.offset for place in places}
    finally:
        consumer.close()


@pytest.mark.parametrize("source", ["--from-raw", "--published"])
def test_everything_that_was_judged_is_recomputed_bit_for_bit(site: Site, source: str) -> None:
    before = committed(site)
    code, verification = verify(site, source)
    assert (code, verification["is_equal"]) == (0, True), verification
    assert verification["n_equal"] > len(live_results(site)) > 40
    assert (verification["n_missing"], verification["n_unexpected"]) == (0, 0)
    assert committed(site) == before
    assert set(before) == {0, 1, 2, 3}


@pytest.mark.parametrize("act", TAMPERINGS)
def test_one_record_that_was_tampered_with_is_detected(
    site: Site, fresh_name: Callable[[str], str], act: Callable[[Record], Record | None]
) -> None:
    tampering = Tampering(act, partition=2, offset=offset_that_matters(site, partition=2, least=1500))
    copy = copy_topic(site, fresh_name(act.__name__), tampering)
    code, verification = verify(site, "--source-topic", copy)
    assert (code, verification.get("is_equal")) == (1, False), verification
    divergence, difference, touched = verification["divergence"], verification["difference"], tampering.touched
    assert touched is not None
    assert divergence["partition"] == 2, verification
    assert divergence["first_offset"] <= touched.offset < divergence["next_offset"]
    time_s = datetime.fromisoformat(json.loads(touched.value or b"")["ts"]).timestamp()
    assert difference["window"] == "1m"
    assert difference["start_s"] - 60 <= time_s < difference["end_s"] + 60
    assert difference["live"] != difference["replayed"]


def test_people_read_which_count_differs_in_which_copy_and_where(site: Site, fresh_name: Callable[[str], str]) -> None:
    tampering = Tampering(changed, partition=2, offset=offset_that_matters(site, partition=2, least=1500))
    copy = copy_topic(site, fresh_name("people"), tampering)
    done = site.command("replay", "verify", "--source-topic", copy)
    text = " ".join(done.stdout.split())
    assert (done.returncode, text.startswith("MISMATCH: a record of fairness-results differs")) == (1, True), done
    assert re.search(r"value favorable decisions: [\d,]+ published, [\d,]+ recomputed, 1 fewer read", text), text
    assert f"read {copy} (raw records, a copy of {site.models[0]['topic']}) where partition 2, offsets" in text


def test_a_published_copy_is_equal_until_it_has_an_event_twice(site: Site, fresh_name: Callable[[str], str]) -> None:
    """Copied as an auditor would do it, without keys; then the last event of a partition is written once more."""
    name = fresh_name("run")
    made = site.command("replay", "republish", "--run", name, "--rate", "100000")
    assert made.returncode == 0, made.stderr
    copy, keyless = f"replay-{name}", ("--state-dir", str(site.folder / "nowhere"), "--source-topic", f"replay-{name}")
    code, verification = verify(site, "--published", *keyless)
    assert (code, verification["is_equal"]) == (0, True), verification
    place = write_last_again(site, copy, partition=1)
    code, verification = verify(site, "--published", *keyless)
    assert (code, verification["is_equal"], verification["source_offset"]) == (1, False, place), verification
    done = site.command("replay", "verify", "--published", *keyless)
    text = " ".join(done.stdout.split())
    assert f"MISMATCH: {copy} contains an event twice" in text
    assert f"partition 1, the event of source offset {place}" in text
    refused = site.command("replay", "verify", *keyless)
    assert (refused.returncode, "--published" in refused.stderr, "keys init" in refused.stderr) == (2, True, False)


def write_last_again(site: Site, topic: str, partition: int) -> int:
    """Append the last event of a partition once more; return the offset of its raw record."""
    consumer = Consumer({"bootstrap.servers": site.kafka, "group.id": topic, "log_level": 0})
    place = TopicPartition(topic, partition)
    _, end = consumer.get_watermark_offsets(place, timeout=120)
    consumer.assign([TopicPartition(topic, partition, end - 1)])
    last = consumer.poll(120)
    consumer.close()
    assert last is not None
    producer = Producer({"bootstrap.servers": site.kafka, "log_level": 0})
    producer.produce(topic, last.value(), partition=partition, headers=last.headers(), timestamp=last.timestamp()[1])
    assert producer.flush(120) == 0
    headers = dict(cast(list[tuple[str, bytes]], last.headers()))
    return int(headers["source"].partition(b":")[2])


def test_an_untouched_copy_is_equal(site: Site, fresh_name: Callable[[str], str]) -> None:
    keep: Change = lambda _, record: record  # noqa: E731 - one line says it
    code, verification = verify(site, "--source-topic", copy_topic(site, fresh_name("copy"), keep))
    assert (code, verification["is_equal"]) == (0, True), verification


def test_the_registered_policy_is_followed_whatever_file_is_given(site: Site, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(site.policy_file.read_text("utf-8") + "deduplication_window = 1000\n", "utf-8")
    code, verification = verify(site, "--policy", str(other))
    assert (code, verification["is_equal"]) == (0, True), verification
    assert verification["policies"] == [load_policy(str(site.policy_file)).models[0].hash()]


def test_a_broker_that_is_away_is_one_line_and_code_2(site: Site) -> None:
    done = site.command("replay", "verify", "--kafka", "127.0.0.1:9")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("fairstream: No Kafka broker answers")
