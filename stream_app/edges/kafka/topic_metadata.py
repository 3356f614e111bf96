"""Asks brokers about the topics of a worker: which log each partition is, and how many partitions a topic has.

A topic that is deleted and created again under the same name has another id (KIP-516), so an id says which log a
position belongs to. A broker older than Kafka 2.8 is asked without ids.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, KafkaTimeoutError
from aiokafka.protocol.metadata import MetadataRequest

from stream_app.connection.failures import unavailable
from stream_app.connection.for_aiokafka import aiokafka_options, reread_password
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.metadata_request import MetadataRequest10, TopicDescription, with_ids, without_ids

_GIVE_UP_S = 10.0
_RETRY_S = 0.2

_Topics = dict[str, TopicDescription]

log = logging.getLogger(__name__)


class LogIdentity(NamedTuple):
    """Which log a partition has now.

    Attributes:
        topic_id: Id of the topic; empty where the broker gives none.
        leader_epoch: How often the partition has changed its leader; -1 where the broker gives none.
    """

    topic_id: str
    leader_epoch: int


class TopicMetadata:
    """Asks brokers about the topics of a worker.

    Requests are shared: calls that come while one is on its way wait together for the next one. So an answer is never
    older than the call, and a hundred lanes that ask in one second cost a few requests.

    Args:
        kafka: The connection.
        topics: The topics.

    Attributes:
        n_partitions: Partitions of each topic as of the last answer; a topic that is gone keeps its number. For steps,
            which report it to the judge: no window is published as complete without a partition that was added.
    """

    def __init__(self, kafka: AnyKafka, topics: Iterable[str]) -> None:
        self.n_partitions: dict[str, int] = {}
        self._kafka = kafka
        self._topics = sorted(set(topics))
        self._client = AIOKafkaClient(**aiokafka_options(kafka), client_id="fairstream-metadata")
        reread_password(self._client, kafka)
        self._leaders: dict[tuple[str, int], int] = {}
        self._requests: dict[int | None, _SharedRequest] = {}
        self._has_ids = True

    async def start(self) -> None:
        """Connect.

        Raises:
            BrokerUnavailableError: no broker answers.
        """
        self._client.set_topics(self._topics[:1])  # without a topic the client would request all of them
        try:
            await self._client.bootstrap()
        except (KafkaError, OSError) as error:
            raise await asyncio.to_thread(unavailable, self._kafka, error, rights="DESCRIBE on its topics") from None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def describe(self) -> dict[str, TopicDescription]:
        """Return the topics that exist.

        Raises:
            KafkaTimeoutError: no broker answers for some seconds.
        """
        return await self._ask(None)

    async def identity(self, topic: str, partition: int) -> LogIdentity | None:
        """Return which log a partition has at the time of this call; None when the topic does not exist.

        The leader of the partition is asked: it knows a new log before it serves any record of it, other brokers may
        learn of it later.

        Raises:
            KafkaTimeoutError: no broker answers for some seconds.
        """
        asked = self._leaders.get((topic, partition))
        description = (await self._ask(asked)).get(topic)
        if description is None or partition not in description.leaders:
            return None
        leader = self._leaders[topic, partition] = description.leaders[partition]
        if leader not in {asked, -1}:
            description = (await self._ask(leader)).get(topic, description)
        return LogIdentity(description.topic_id, description.leader_epochs.get(partition, -1))

    async def _ask(self, node: int | None) -> dict[str, TopicDescription]:
        if node not in self._requests:
            self._requests[node] = _SharedRequest()
        return await self._requests[node].join(lambda: self._describe_by(node))

    async def _describe_by(self, node: int | None) -> dict[str, TopicDescription]:
        """Ask one broker, or any broker while that one is away."""
        deadline = time.monotonic() + _GIVE_UP_S
        while True:
            known = {broker.nodeId for broker in self._client.cluster.brokers()}
            target = node if node in known else self._client.get_random_node()
            try:
                if target is not None:
                    described = await self._send(target)
                    self.n_partitions |= {topic: found.n_partitions for topic, found in described.items()}
                    return described
            except (KafkaError, OSError, TimeoutError):
                node = None
                self._client.force_metadata_update()  # the brokers may have other addresses now
            if time.monotonic() > deadline:
                raise KafkaTimeoutError
            await asyncio.sleep(_RETRY_S)

    async def _send(self, node: int) -> dict[str, TopicDescription]:
        if self._has_ids:
            try:
                return with_ids(await self._client.send(node, MetadataRequest10(self._topics)))
            except NotImplementedError:  # what aiokafka raises for a version that the broker does not have
                self._has_ids = False
                log.warning(
                    "The broker gives no topic ids (Kafka 2.8 or later does): logs are distinguished by offsets only"
                )
        return without_ids(await self._client.send(node, MetadataRequest(self._topics, False)))


@dataclass
class _SharedRequest:
    """One request after the other; calls that come in between share the next one."""

    _current: asyncio.Future[_Topics] | None = None
    _next: asyncio.Future[_Topics] | None = None

    async def join(self, send: Callable[[], Awaitable[_Topics]]) -> _Topics:
        if self._next is None:
            self._next = asyncio.ensure_future(self._run(self._current, send))
            self._next.add_done_callback(_retrieve)
        return await asyncio.shield(self._next)

    async def _run(self, before: asyncio.Future[_Topics] | None, send: Callable[[], Awaitable[_Topics]]) -> _Topics:
        if before is not None and not before.done():
            await asyncio.wait([before])
        self._current, self._next = self._next, None
        return await send()


def _retrieve(future: asyncio.Future[_Topics]) -> None:
    if not future.cancelled():
        future.exception()  # asyncio logs an error that nobody has waited for
