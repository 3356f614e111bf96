"""When a worker restarts its app because of its topics, and when it waits and says so."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from stream_app.edges.kafka.metadata_request import TopicDescription
from stream_app.errors import TopicError
from stream_app.programs.worker.topic_watch import TopicWatch


def topic(topic_id: str, n_partitions: int) -> TopicDescription:
    return TopicDescription(topic_id, dict.fromkeys(range(n_partitions), 1), dict.fromkeys(range(n_partitions), 0))


@dataclass
class Cluster:
    """Topics in memory, which some may grow and others may not."""

    topics: dict[str, TopicDescription]
    may_grow: bool = True
    grown_to: list[Mapping[str, int]] = field(default_factory=list)
    waiting: list[bool] = field(default_factory=list)

    @property
    def n_partitions(self) -> dict[str, int]:
        return {name: description.n_partitions for name, description in self.topics.items()}

    async def describe(self) -> dict[str, TopicDescription]:
        return dict(self.topics)

    async def grow(self, n_partitions: Mapping[str, int]) -> None:
        if not self.may_grow:
            raise TopicError("Kafka adds no partitions to state", action="Run as an operator: fairstream topics create")
        self.grown_to.append(dict(n_partitions))

    def watch(self) -> TopicWatch:
        watch = TopicWatch(self, ["raw", "other"], self.grow, self.waiting.append)
        asyncio.run(watch.start())
        return watch


@pytest.fixture
def cluster() -> Cluster:
    return Cluster({"raw": topic("a", 2), "other": topic("b", 1)})


def test_nothing_happens_while_nothing_changes(cluster: Cluster) -> None:
    watch = cluster.watch()
    assert [asyncio.run(watch.look()) for _ in range(2)] == ["", ""]
    assert cluster.waiting == [False, False]


def test_added_partitions_are_added_to_the_topics_that_follow_before_the_app_restarts(cluster: Cluster) -> None:
    watch = cluster.watch()
    cluster.topics["raw"] = topic("a", 3)
    assert asyncio.run(watch.look()) == "other numbers of partitions: raw"
    assert cluster.grown_to[-1]["raw"] == 3


def test_a_worker_that_may_not_add_partitions_counts_on_waits_and_names_the_command_once(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    watch = cluster.watch()
    cluster.topics["raw"], cluster.may_grow = topic("a", 3), False
    assert [asyncio.run(watch.look()) for _ in range(3)] == ["", "", ""]
    assert cluster.waiting == [True, True, True]
    (line,) = [record.getMessage() for record in caplog.records]
    assert "fairstream topics create" in line
    cluster.may_grow = True  # or an operator has done it
    assert asyncio.run(watch.look()) == "other numbers of partitions: raw"
    assert cluster.waiting[-1] is False


def test_a_topic_that_is_gone_is_waited_for_and_one_that_was_created_again_restarts_the_app(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    watch = cluster.watch()
    del cluster.topics["raw"]
    assert asyncio.run(watch.look()) == ""
    assert cluster.waiting == [True]
    assert [record.getMessage() for record in caplog.records] == ["Topics are gone, waiting for them: topics=raw"]
    cluster.topics["raw"] = topic("c", 2)
    assert asyncio.run(watch.look()) == "topics created again: raw"
