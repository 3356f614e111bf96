"""Monitors the topics of a running worker: partitions that are added, topics that are deleted and created again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Protocol

from aiokafka.errors import KafkaError

from stream_app.edges.kafka.admin import grow_topics
from stream_app.edges.kafka.metadata_request import TopicDescription
from stream_app.errors import BrokerUnavailableError, TopicError
from stream_app.policy import Policy
from stream_app.settings import Settings
from stream_app.topics import worker_topics

LOOK_EVERY_S = 5.0

log = logging.getLogger(__name__)


class TopicDescriber(Protocol):
    """Asks the brokers about the topics of the worker; ``TopicMetadata``."""

    @property
    def n_partitions(self) -> Mapping[str, int]:
        """Partitions of each topic as of the last answer."""

    async def describe(self) -> dict[str, TopicDescription]:
        """Return the topics that exist."""


async def grow_followers(settings: Settings, policy: Policy, n_partitions: Mapping[str, int]) -> None:
    """Add partitions to state, output and outcome topics whose raw topic has more.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: the broker does not allow it.
    """
    specs = worker_topics(policy, settings.app_id, existing=n_partitions)
    if all(spec.fits(n_partitions.get(spec.name, spec.partitions)) for spec in specs if spec.is_following):
        return
    grown = await asyncio.to_thread(grow_topics, settings.connection, specs)
    log.warning("Partitions added, as the raw topic has more now: topics=%s", ",".join(grown))


class TopicWatch:
    """Compares the source topics with what they were when the app started.

    Args:
        metadata: Asks the brokers.
        sources: The source topics of this worker.
        grow: Adds partitions to the topics that need as many as their raw topic, given the partitions of each.
        on_waiting: Called with whether the worker waits for a topic, or for partitions that it may not add.
    """

    def __init__(
        self,
        metadata: TopicDescriber,
        sources: Collection[str],
        grow: Callable[[Mapping[str, int]], Awaitable[None]],
        on_waiting: Callable[[bool], object],
    ) -> None:
        self._metadata = metadata
        self._sources = sources
        self._grow = grow
        self._on_waiting = on_waiting
        self._known: Mapping[str, TopicDescription] = {}
        self._complaint = ""

    async def start(self) -> None:
        """Note what the topics are now.

        Raises:
            KafkaTimeoutError: no broker answers.
        """
        self._known = await self._metadata.describe()

    async def wait_for_change(self) -> str:
        """Wait until the app has to start again with other topics; return why.

        A topic that is deleted is waited for while the others are counted.
        """
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                reason = await self.look()
            except (KafkaError, BrokerUnavailableError):
                continue  # the lanes notice that too
            if reason:
                return reason

    async def look(self) -> str:
        """Compare once; return why the app has to start again, or nothing.

        Raises:
            KafkaTimeoutError, BrokerUnavailableError: no broker answers.
        """
        found = await self._metadata.describe()
        missing = sorted(topic for topic in self._sources if topic not in found)
        complaint = f"Topics are gone, waiting for them: topics={','.join(missing)}" if missing else ""
        present = [topic for topic in self._sources if topic in found and topic in self._known]
        changed = sorted(t for t in present if found[t].topic_id != self._known[t].topic_id)
        resized = sorted(t for t in present if found[t].n_partitions != self._known[t].n_partitions)
        if not missing:
            complaint = await self._try_to_grow()
        self._complain(complaint)
        if changed:
            return f"topics created again: {','.join(changed)}"
        return f"other numbers of partitions: {','.join(resized)}" if resized and not complaint else ""

    async def _try_to_grow(self) -> str:
        try:
            await self._grow(self._metadata.n_partitions)
        except TopicError as error:
            return f"Partitions cannot be added: {error}"
        return ""

    def _complain(self, complaint: str) -> None:
        self._on_waiting(bool(complaint))
        if complaint and complaint != self._complaint:
            log.error("%s", complaint)
        self._complaint = complaint
