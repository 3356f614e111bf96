"""Monitors the topics of a running worker: partitions that are added, topics that are deleted and created again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping

from aiokafka.errors import KafkaError

from stream_app.edges.kafka.admin import grow_topics
from stream_app.edges.kafka.metadata_request import TopicDescription
from stream_app.edges.kafka.topic_metadata import TopicMetadata
from stream_app.errors import BrokerUnavailableError, TopicError
from stream_app.policy import Policy
from stream_app.settings import Settings
from stream_app.topics import declared_topics

_LOOK_EVERY_S = 5.0

log = logging.getLogger(__name__)


async def grow_followers(settings: Settings, policy: Policy, n_partitions: Mapping[str, int]) -> None:
    """Add partitions to state, output and outcome topics whose raw topic has more.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: the broker does not allow it.
    """
    specs = declared_topics(policy, settings.app_id, existing=n_partitions)
    if all(spec.fits(n_partitions.get(spec.name, spec.partitions)) for spec in specs if spec.is_following):
        return
    grown = await asyncio.to_thread(grow_topics, settings.kafka, specs)
    log.warning("Partitions added, as the raw topic has more now: topics=%s", ",".join(grown))


class TopicWatch:
    """Compares the source topics with what they were when the app started.

    Args:
        settings: How the process runs.
        policy: What is monitored.
        metadata: Asks the brokers.
        sources: The source topics of this worker.
        on_waiting: Called with whether the worker waits for a topic, or for partitions that it may not add.
    """

    def __init__(
        self,
        settings: Settings,
        policy: Policy,
        metadata: TopicMetadata,
        sources: Collection[str],
        on_waiting: Callable[[bool], object],
    ) -> None:
        self._settings = settings
        self._policy = policy
        self._metadata = metadata
        self._sources = sources
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
            await asyncio.sleep(_LOOK_EVERY_S)
            try:
                reason = await self._look()
            except (KafkaError, BrokerUnavailableError):
                continue  # the lanes notice that too
            except TopicError as error:
                self._complain(f"Partitions cannot be added: {error}")
                continue
            if reason:
                self._complain("")
                return reason

    async def _look(self) -> str:
        found = await self._metadata.describe()
        missing = sorted(topic for topic in self._sources if topic not in found)
        self._complain(f"Topics are gone, waiting for them: topics={','.join(missing)}" if missing else "")
        present = [topic for topic in self._sources if topic in found and topic in self._known]
        changed = sorted(t for t in present if found[t].topic_id != self._known[t].topic_id)
        resized = sorted(t for t in present if found[t].n_partitions != self._known[t].n_partitions)
        if not missing:
            await grow_followers(self._settings, self._policy, self._metadata.n_partitions)
        if changed:
            return f"topics created again: {','.join(changed)}"
        return f"other numbers of partitions: {','.join(resized)}" if resized and not missing else ""

    def _complain(self, complaint: str) -> None:
        self._on_waiting(bool(complaint))
        if complaint and complaint != self._complaint:
            log.error("%s", complaint)
        self._complaint = complaint
