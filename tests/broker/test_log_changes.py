"""A position belongs to a log: topics that are deleted and created again, and logs that a restore has cut short."""

from __future__ import annotations

import asyncio
import shutil
import time
from itertools import islice
from pathlib import Path

import pytest

from producers.simulated.drift import DriftSchedule
from producers.simulated.loans import simulate_loans
from producers.timeline import Timeline
from stream_app.core.windows.partials import Partial
from stream_app.edges.kafka.local.broker import LocalKafka
from stream_app.edges.kafka.readers.judge_records import read_journal, read_partials
from stream_app.edges.kafka.topic_metadata import TopicMetadata
from stream_app.topics import FAIRNESS_RESULTS
from tests.programs.chaos.logs import read_json, read_sources
from tests.programs.chaos.run import POLICY_FILE
from tests.support.lanes.echo_lanes import Echo, until
from tests.support.servers.brokers import START_S
from tests.support.servers.raw_topics import add_partitions, create_again, create_topic, numbers, send
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def echo(kafka: str, app_id: str) -> Echo:
    echo = Echo(kafka, app_id)
    echo.create()
    return echo


def partials_of(site: Site) -> list[Partial]:
    return list(read_partials(site.kafka, site.models[0]["name"]))


def logs_of(site: Site) -> dict[tuple[int, int], int]:
    """Return the number of the log by partition and by how many partitions its lane knew of."""
    return {(partial.partition, partial.n_partitions): partial.log_number for partial in partials_of(site)}


def test_a_topic_that_was_created_again_is_counted_from_its_start_even_if_it_is_longer(echo: Echo) -> None:
    async def run() -> None:
        async with echo.worker():
            send(echo.kafka, echo.raw, numbers(0, 100))
            await until("all are out", lambda: len(echo.published()) == 100)
        create_again(echo.kafka, echo.raw)
        send(echo.kafka, echo.raw, numbers(1000, 300))
        async with echo.worker() as worker:
            await until("all are out", lambda: len(echo.published()) == 400)
            assert worker.observed.log_changes == [("re-created", 1, 0, 0)]
        async with echo.worker() as worker:
            await until("it is loaded", lambda: worker.observed.loaded == [300])
            assert worker.observed.log_changes == []

    asyncio.run(run())
    assert echo.published() == numbers(0, 100) + numbers(1000, 300)
    assert echo.stored() == {b"n": b"400", b"next": b"300"}
    assert echo.stored_log().number == 1


def test_a_running_worker_counts_a_topic_that_is_created_again_and_partitions_that_are_added(
    kafka: str, tmp_path: Path, app_id: str
) -> None:
    site = open_site(kafka, tmp_path, app_id, POLICY_FILE.read_text("utf-8"), n_partitions=2)
    raw, output = site.models[0]["topic"], site.models[0]["output_topic"]
    start_ms = int(time.time() * 1000) - 30_000
    sent = iter(simulate_loans(1, Timeline(start_ms, 0.01), DriftSchedule()))

    def send_to(*numbers_of_events: int) -> None:
        for partition, n in enumerate(numbers_of_events):
            send(kafka, raw, [event.value for event in islice(sent, n)], partition)

    def counted(n: int) -> bool:
        totals = {r["attribute"]: r["n"] for r in read_json(kafka, FAIRNESS_RESULTS, app_id) if r["window"] == "total"
                  and r["model"] == site.models[0]["name"]}  # fmt: skip
        return set(totals.values()) == {n}

    with site.worker() as worker:
        send_to(200, 200)
        site.wait_until("all are counted", lambda: counted(400))
        create_again(kafka, raw, 2)
        send_to(500, 500)  # longer than the old one
        site.wait_until("the new topic is counted", lambda: counted(1400))
        add_partitions(kafka, raw, 3)
        send_to(100, 100, 300)
        site.wait_until("the new partition is counted", lambda: counted(1900))
        site.wait_until("every lane knows of it", lambda: {(p, 3) for p in range(3)} <= logs_of(site).keys())
        assert worker.exit_code() is None
        assert worker.stop() == 0
    sources = read_sources(kafka, output)
    assert sources == {
        0: [*range(200), *range(600)],
        1: [*range(200), *range(600)],
        2: list(range(300)),
    }
    logs = logs_of(site)
    assert logs[0, 3] == logs[1, 3] == 1
    assert logs[2, 3] == 0
    journal = [entry for _, entry in read_journal(kafka, site.models[0]["name"])]
    assert journal[-1].logs == {raw: {0: 1, 1: 1}}
    assert "Log of a source changed" in site.log_path.read_text("utf-8")
    assert site.command("topics", "check").returncode == 0
    verified = site.command("replay", "verify", "--from-raw", "--model", site.models[0]["name"])
    assert "since the checkpoint of" in " ".join(verified.stdout.split()), verified.stderr


def test_a_log_that_a_restore_cut_short_is_read_again_from_the_last_record_that_is_unchanged(
    tmp_path: Path, app_id: str
) -> None:
    """When the lane looks, the log has grown beyond its position with other records: offsets alone look right."""
    with LocalKafka(tmp_path / "kafka", start_timeout_s=START_S) as broker:
        echo = Echo(broker.bootstrap, app_id)
        echo.create()
        (metadata,) = (tmp_path / "kafka").rglob(f"{echo.raw}-0/partition.metadata")

        async def count(n_published: int) -> list[tuple[str, int, int, int]]:
            async with echo.worker() as worker:
                await until("all are out", lambda: len(echo.published()) == n_published)
                return worker.observed.log_changes

        send(echo.kafka, echo.raw, numbers(0, 100))
        assert asyncio.run(count(100)) == []
        backup = shutil.copytree(metadata.parent, tmp_path / "backup")
        send(echo.kafka, echo.raw, numbers(100, 50))
        assert asyncio.run(count(150)) == []
        broker.stop()
        shutil.rmtree(metadata.parent)
        shutil.copytree(backup, metadata.parent)
        broker.start()
        send(echo.kafka, echo.raw, numbers(700, 200))
        assert asyncio.run(count(350)) == [("cut", 1, 100, 0)]
        assert echo.published() == numbers(0, 150) + numbers(700, 200)


def test_a_broker_gives_topic_ids_and_they_differ_after_a_topic_was_created_again(kafka: str, app_id: str) -> None:
    create_topic(kafka, app_id, 2)

    async def ask() -> tuple[str, str, int]:
        metadata = TopicMetadata(kafka, [app_id, f"{app_id}-missing"])
        await metadata.start()
        try:
            assert await metadata.identity(f"{app_id}-missing", 0) is None
            first = await metadata.identity(app_id, 1)
            await asyncio.to_thread(create_again, kafka, app_id)
            while (second := await metadata.identity(app_id, 0)) is None:  # noqa: ASYNC110  # the broker tells nobody
                await asyncio.sleep(0.1)
            metadata._has_ids = False  # as for a broker before 2.8
            described = (await metadata.describe())[app_id]
            assert first is not None
            assert described.topic_id == ""
            return first.topic_id, second.topic_id, described.n_partitions
        finally:
            await metadata.close()

    first, second, n_partitions = asyncio.run(ask())
    assert len(first) == len(second) == 32
    assert first != second
    assert n_partitions == 1
