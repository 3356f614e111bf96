"""Topics that version 0.3.0 wrote are continued by this version: nothing again, nothing lost, everything readable.

``tests/data/topics_0_3.xz`` was written by a worker of 0.3.0 (``tests/programs/record_topics.py``): loans with a
breach, credits with outcomes; a third of the records came after the worker had stopped.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from confluent_kafka import Producer

import fairstream
from stream_app import __version__
from stream_app.edges.files.key_file import key_file_path
from stream_app.edges.host.processes import BoundProcess
from stream_app.edges.kafka.local.broker import LocalKafka
from stream_app.edges.kafka.readers.judge_records import read_checkpoints
from stream_app.errors import DependencyMissingError
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_JOURNAL, FAIRNESS_RESULTS, changelog_topic
from tests.programs.chaos.logs import read_json, read_places, read_raw
from tests.support.paths import ROOT
from tests.support.servers.brokers import START_S
from tests.support.servers.sites import Site
from tests.support.servers.stored_topics import StoredTopics, load_topics, read_stored
from tests.support.tiers import skip_or_fail

pytestmark = pytest.mark.timeout(900)
STORED = read_stored(ROOT / "tests/data/topics_0_3.xz")
_LOADED = re.compile(r"Lane loaded: topic=(\S+) partition=(\d+) offset=(\d+)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield the installation of 0.3.0 on a broker of its own: some topics have the same name everywhere."""
    folder = tmp_path_factory.mktemp("upgrade")
    (folder / "policy.toml").write_text(STORED.policy, "utf-8")
    keys = key_file_path(folder)
    keys.parent.mkdir(mode=0o700)
    keys.touch(0o600)
    keys.write_bytes(STORED.keys)
    try:
        with LocalKafka(folder / "kafka", start_timeout_s=START_S) as broker:
            load_topics(broker.bootstrap, STORED)
            yield Site(broker.bootstrap, folder, STORED.app_id, folder / "policy.toml")
    except DependencyMissingError as missing:
        skip_or_fail(f"No Kafka for the tests: {missing}")


def stored_positions(stored: StoredTopics) -> dict[tuple[str, int], int]:
    """Return where the lanes of 0.3.0 stood, by source topic and partition."""
    changelogs = {"fairness-partials": changelog_topic(STORED.app_id, "judge")}
    for model in ("loans", "credit"):
        changelogs[f"{model.removesuffix('s')}-decisions-raw"] = changelog_topic(STORED.app_id, "ingest", model)
    changelogs["credit-outcomes-raw"] = changelog_topic(STORED.app_id, "outcome ingest", "credit")
    changelogs["years-outcome-join-credit"] = changelog_topic(STORED.app_id, "outcomes", "credit")
    return {
        (source, partition): int(record.value or b"")
        for source, changelog in changelogs.items()
        for partition, records in enumerate(stored.topic(changelog).records)
        for record in records
        if record.key == b"next"
    }


def accepted(site: Site, topic: str) -> dict[int, list[int]]:
    """Return the offset of each event in the raw topic at which its id comes first."""
    offsets: dict[int, list[int]] = {}
    for partition, records in read_raw(site.kafka, topic).items():
        first: dict[str, int] = {}
        for record in records:
            first.setdefault(json.loads(record.value or b"")["application_id"], record.offset)
        offsets[partition] = sorted(first.values())
    return offsets


def published(site: Site, topic: str) -> dict[int, list[int]]:
    return {
        partition: sorted(offset for _, offset in places)
        for partition, places in read_places(site.kafka, topic).items()
    }


def results(site: Site) -> list[dict[str, Any]]:
    return list(read_json(site.kafka, FAIRNESS_RESULTS))


def total(site: Site) -> int:
    return int([r["n"] for r in results(site) if (r["model"], r["window"]) == ("loans", "total")][-1])


def loaded_by(worker: Site) -> dict[tuple[str, int], int]:
    """Return where the lanes of a worker began, as its log says."""
    lanes = _LOADED.findall(worker.log_path.read_text("utf-8"))
    return {(topic, int(partition)): int(offset) for topic, partition, offset in reversed(lanes)}


def is_settled(site: Site) -> bool:
    """Whether every event is published once, and every loan is in the newest totals."""
    wanted = {topic: accepted(site, f"{topic}-raw") for topic in ("loan-decisions", "credit-decisions")}
    n_loans = sum(map(len, wanted["loan-decisions"].values()))
    return all(published(site, topic) == offsets for topic, offsets in wanted.items()) and total(site) == n_loans


def is_judged_here(site: Site, model: str) -> bool:
    """Whether this version has made a checkpoint of a model."""
    return any(piece.head.code_version == __version__ for piece in read_checkpoints(site.kafka, model))


def test_two_workers_continue_the_state_and_are_restarted_in_turn_without_counting_anything_twice(site: Site) -> None:
    """Loans arrive all the time; the first workers find those that came after 0.3.0 had stopped."""
    start = datetime.now(UTC) - timedelta(minutes=25)  # windows close by the clock when their end has passed
    command = [sys.executable, "-m", "stream_app", "produce", "loans", "--rate", "60", "--count", "900", "--seed", "9"]
    command += ["--start", start.isoformat()]
    environ = {**os.environ, **site.environ}
    first, second, third = (replace(site, folder=site.folder / name) for name in ("first", "second", "third"))
    for worker in (first, second, third):
        worker.folder.mkdir()
    keys, former = {"FAIRSTREAM_STATE": str(site.folder)}, stored_positions(STORED)
    with first.worker(**keys) as one, second.worker(**keys) as two:
        second.wait_until("both have lanes", lambda: bool(loaded_by(first) and loaded_by(second)))
        second.wait_until("every lane is loaded", lambda: former.keys() <= loaded_by(first).keys() | loaded_by(second))
        with BoundProcess(command, site.folder / "producer.log", env=environ) as producer:
            assert one.stop() == 0
            with third.worker(**keys) as three:
                third.wait_until("the third has its share", lambda: bool(loaded_by(third)))
                assert two.stop() == 0
                assert producer.wait(300) == 0
                third.wait_until("all is published and judged", lambda: is_settled(site))
                third.wait_until("credits are judged by this version", lambda: is_judged_here(site, "credit"))
                assert three.stop() == 0
    loads = [(place, offset) for worker in (first, second) for place, offset in loaded_by(worker).items()]
    assert {place: min(offset for other, offset in loads if other == place) for place in former} == former
    for worker in (first, second, third):
        assert not re.search('"level":"error"|Lane failed|Counted again', worker.log_path.read_text("utf-8"))
    windows = Counter(
        (r["model"], r["window"], r["end_s"], r.get("attribute"), r["revision"])
        for r in results(site)
        if r["window"] != "total"
    )
    assert [window for window, n in windows.items() if n > 1] == []


def test_a_breach_stays_open_and_is_not_raised_again(site: Site) -> None:
    alerts = [alert for alert in read_json(site.kafka, FAIRNESS_ALERTS) if alert["change"] == "breach"]
    pairs = Counter((a["model"], a["attribute"], a["group"], a["test"]) for a in alerts)
    assert set(pairs.values()) == {1}
    [former] = [json.loads(record.value or b"") for record in STORED.topic(FAIRNESS_ALERTS).records[0]]
    newest = [r for r in results(site) if (r["model"], r["attribute"]) == ("loans", former["attribute"])][-1]
    states = {group["group"]: group["state"] for group in newest["groups"]}
    assert states[former["group"]] == "breach"


@pytest.mark.parametrize(("model", "source", "least"), [("loans", "--published", 6), ("credit", "--from-raw", 0)])
def test_what_this_version_published_is_verified(site: Site, model: str, source: str, least: int) -> None:
    """What another version judged needs that version: the verification begins at the first checkpoint of this one.

    Of credits, all that came may be in the flush that made this checkpoint.
    """
    done = site.command("replay", "verify", "--json", "--model", model, source)
    verification = json.loads(done.stdout)
    assert (done.returncode, verification["is_equal"]) == (0, True), verification
    former = [msgspec.msgpack.decode(r.value or b"") for part in STORED.topic(FAIRNESS_JOURNAL).records for r in part]
    assert verification["since_entry"] >= sum(entry["model"] == model for entry in former) > 0
    assert "was made by version 0.3.0, this is" in verification["since_reason"]
    assert verification["n_equal"] >= least


def test_every_reader_reads_the_windows_of_the_former_version(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    former = {
        (r["window"], r["end_s"])
        for record in STORED.topic(FAIRNESS_RESULTS).records[0]
        if (r := json.loads(record.value or b""))["model"] == "loans" and r["window"] != "total"
    }
    shown = site.command("results", "--json", "--model", "loans", "--all")
    assert shown.returncode == 0, shown.stderr
    assert "cannot read" not in shown.stderr
    lines = list(map(json.loads, shown.stdout.splitlines()))
    assert former <= {(line["window"], line["end_s"]) for line in lines}
    listed = site.command("alerts", "list", "--json")
    assert json.loads(listed.stdout.splitlines()[0])["model"] == "loans"
    for name, value in site.environ.items():
        monkeypatch.setenv(name, value)
    frame = fairstream.results(site.policy_file)
    assert len(frame) >= len(former) > 10
    assert len(fairstream.alerts(site.policy_file)) >= 1


def test_a_state_of_a_later_version_ends_the_worker_and_says_what_to_run(site: Site) -> None:
    """The steps of the other roles are tested without a broker."""
    changelog = changelog_topic(STORED.app_id, "ingest", "loans")
    [head] = [record for record in STORED.topic(changelog).records[0] if record.key == b"meta"]
    version, *_ = msgspec.msgpack.decode(head.value or b"")
    producer = Producer({"bootstrap.servers": site.kafka})
    producer.produce(changelog, msgspec.msgpack.encode([version + 1, {"another": "form"}]), b"meta", partition=0)
    assert producer.flush(120) == 0
    with site.worker() as worker:
        assert worker.wait(300) == 70
    last = site.log_path.read_text("utf-8").strip().splitlines()[-1]
    assert f"has version {version + 1}, this FairStream reads up to {version}" in last
    assert "Run the version of FairStream that wrote it, or a later one" in last
