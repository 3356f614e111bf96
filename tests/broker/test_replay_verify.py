"""``replay verify`` against what a real worker wrote, and against copies of the source that were tampered with."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from stream_app.policy import load_policy
from tests.programs.chaos.recount import Record
from tests.support.servers.replay_stage import (
    TAMPERINGS,
    Change,
    Tampering,
    copy_topic,
    judged_site,
    live_results,
    offset_that_matters,
)
from tests.support.servers.sites import Site

pytestmark = pytest.mark.timeout(300)


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
        places = consumer.committed([TopicPartition(site.models[0]["topic"], p) for p in range(4)], timeout=30)
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
