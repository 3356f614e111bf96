"""The topics of a deployment, as the audit log reads them: partition by partition, with the id of each topic."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from kafka.errors import KafkaError

from stream_app.core.audit.blocks import Block, BlockBuilder, BlockRecords
from stream_app.edges.kafka.readers.log_reader import LogReader
from stream_app.edges.kafka.topic_metadata import TopicMetadata
from stream_app.errors import TopicError, broker_lost
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.replay.source_log import SourceLog
from stream_app.policy import Policy
from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_JOURNAL


class CommittedTopic(NamedTuple):
    """A topic whose records the log commits to.

    Attributes:
        name: Its name.
        model: Name of the model; empty for a topic of all models.
        policy_hash: Hash of the policy of that model; of all of them, comma-separated, for a topic of all models.
        has_decisions: Whether it is a source topic, of which single records can be proven.
    """

    name: str
    model: str
    policy_hash: str
    has_decisions: bool


def committed_topics(policy: Policy) -> list[CommittedTopic]:
    """Return the topics whose records the log commits to: what was decided, and what was said about it.

    ``fairness-results`` is compacted; the journal has the digests of its records.

    >>> from stream_app.policy import load_policy
    >>> [topic.name for topic in committed_topics(load_policy("loans"))]
    ['loan-decisions-raw', 'loan-decisions', 'fairness-journal', 'fairness-alerts']
    """
    own: dict[str, CommittedTopic] = {}
    for model in policy.models:
        sources = [model.topic, model.outcome.topic] if model.outcome else [model.topic]
        own |= {name: CommittedTopic(name, model.name, model.hash(), has_decisions=True) for name in sources}
        if model.output_topic:
            own[model.output_topic] = CommittedTopic(model.output_topic, model.name, model.hash(), has_decisions=False)
    every = ",".join(model.hash() for model in policy.models)
    common = (FAIRNESS_JOURNAL, FAIRNESS_ALERTS)
    return [*own.values(), *(CommittedTopic(name, "", every, has_decisions=False) for name in common)]


def topic_ids(settings: Settings, names: list[str]) -> dict[str, str]:
    """Return the id of each topic; empty where the broker gives none.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: a topic is missing.
    """

    async def describe() -> dict[str, str]:
        metadata = TopicMetadata(settings.connection, names)
        await metadata.start()
        try:
            return {name: topic.topic_id for name, topic in (await metadata.describe()).items()}
        except (KafkaError, OSError) as error:
            raise broker_lost("asking for its topics", error) from None
        finally:
            await metadata.close()

    ids = asyncio.run(describe())
    if missing := [name for name in names if name not in ids]:
        raise TopicError(f"Missing topics: {', '.join(missing)}", action="Run: fairstream topics create")
    return ids


@contextmanager
def open_topic(settings: Settings, name: str) -> Iterator[SourceLog]:
    """Open a topic, up to its present ends.

    Raises:
        AccessDeniedError: this user may not read it.
        BrokerUnavailableError: no broker answers.
        TopicError: the topic is missing.
    """
    with LogReader(settings.connection, name) as reader:
        yield reader


def read_blocks(source: SourceLog, partition: int, first_offset: int, *, is_provable: bool) -> Iterator[Block]:
    """Yield the blocks of a partition from an offset to its present end.

    Raises:
        BrokerUnavailableError: the broker was lost.
    """
    source.seek({partition: first_offset})
    builder, next_offset = BlockBuilder(first_offset, is_provable=is_provable), first_offset
    while (batch := source.next_batch(partition)) is not None:
        yield from builder.add(batch.offsets, batch.timestamps_ms, batch.values)
        next_offset = batch.next_offset
    yield from builder.end(next_offset)


class RangeReader:
    """Reads ranges of offsets of a partition, one after the other, as blocks.

    Args:
        source: The topic.
        partition: The partition.
        first_offset: Where the first range begins.
    """

    def __init__(self, source: SourceLog, partition: int, first_offset: int) -> None:
        source.seek({partition: first_offset})
        self._source, self._partition = source, partition
        self._rest: Batch | None = None

    def take(self, first_offset: int, next_offset: int, *, is_provable: bool) -> Block:
        """Return the records of a range that begins where the one before ended, or later.

        Raises:
            BrokerUnavailableError: the broker was lost.
        """
        records = BlockRecords(is_provable=is_provable)
        while (batch := self._next()) is not None:
            batch = batch.since(first_offset)
            n = int(np.searchsorted(batch.offsets, next_offset))
            records.add(batch.offsets[:n], batch.timestamps_ms[:n], batch.values[:n])
            if batch.next_offset >= next_offset:
                self._rest = batch.since(next_offset)
                break
        return records.end(first_offset, next_offset)

    def _next(self) -> Batch | None:
        if (batch := self._rest) is not None:
            self._rest = None
            return batch
        return self._source.next_batch(self._partition)
