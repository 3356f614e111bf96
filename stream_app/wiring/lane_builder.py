"""Makes the lane of a source partition: which role, which step, which state topic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import faust
from faust.types import TP

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.edges.lanes.lane import Lane, LaneConfig, LaneObserver
from stream_app.edges.lanes.transport import Consumer
from stream_app.errors import TopicError
from stream_app.pipeline.ingest import IngestStep, IngestTopology
from stream_app.pipeline.judge import JudgeStep, JudgeTopology
from stream_app.pipeline.lane import LaneStep
from stream_app.policy import ModelPolicy, Policy
from stream_app.settings import Settings
from stream_app.topics import (
    CAMERA_AGGREGATES,
    DEAD_LETTERS,
    FAIRNESS_PARTIALS,
    FAIRNESS_RESULTS,
    LATE_DECISIONS,
    declared_topics,
    state_topic,
)

ROLES = ("ingest", "judge")


class ConsumerSource:
    """A lane's view of the app's consumer."""

    def __init__(self, app: faust.App) -> None:
        self._app = app

    @property
    def _consumer(self) -> Consumer:
        return cast(Consumer, self._app.consumer)

    async def rewind(self, topic: str, partition: int, offset: int) -> int:
        """Read again from ``offset``."""
        return await self._consumer.rewind(TP(topic, partition), offset)

    async def earliest_offset(self, topic: str, partition: int) -> int:
        """Return the first retained offset."""
        tp = TP(topic, partition)
        offsets: Mapping[Any, int] = await self._consumer.earliest_offsets(tp)
        return next(offset for own, offset in offsets.items() if (own.topic, own.partition) == tp)

    def end_offset(self, topic: str, partition: int) -> int | None:
        """Return the end of the partition as of the last fetch."""
        return self._consumer.end_offset(TP(topic, partition))

    def is_end(self, topic: str, partition: int, offset: int) -> bool:
        """Return whether nothing lies at or above ``offset``, as of a moment ago."""
        return self._consumer.is_end(TP(topic, partition), offset)


def source_topics(policy: Policy, roles: Iterable[str]) -> list[str]:
    """List the topics that a worker with these roles consumes."""
    topics = [model.topic for model in policy.models] if "ingest" in roles else []
    return topics + ([FAIRNESS_PARTIALS] if "judge" in roles else [])


def check_partitions(policy: Policy, app_id: str, n_partitions: Mapping[str, int]) -> None:
    """Refuse own topics with other partitions than declared: a lane writes its output and its state where it reads.

    Raises:
        TopicError: some topic has another number of partitions.
    """
    for spec in declared_topics(policy, app_id, existing=n_partitions):
        if spec.owner == "fairstream" and n_partitions[spec.name] != spec.partitions:
            raise TopicError(
                f"{spec.name} has {n_partitions[spec.name]} partitions instead of {spec.partitions}",
                action="See: fairstream topics check",
            )


def lane_builder(
    settings: Settings,
    policy: Policy,
    keys: tuple[RootKey, ...],
    n_partitions: Mapping[str, int],
    source: ConsumerSource,
    observer: LaneObserver,
) -> Callable[[str, int], Lane]:
    """Return the function that makes a fresh lane for a topic and partition."""
    models: dict[str, ModelPolicy] = {model.topic: model for model in policy.models}

    def build(topic: str, partition: int) -> Lane:
        model = models.get(topic)
        step: LaneStep
        if model is None:
            role_state = state_topic(settings.app_id, "judge")
            step = JudgeStep(
                policy,
                partition,
                JudgeTopology(n_partitions[FAIRNESS_RESULTS], n_partitions.get(CAMERA_AGGREGATES, 1)),
            )
        else:
            role_state = state_topic(settings.app_id, "ingest", model.name)
            topology = IngestTopology(
                n_source_partitions=n_partitions[topic],
                n_partials=n_partitions[FAIRNESS_PARTIALS],
                n_notices=min(n_partitions[DEAD_LETTERS], n_partitions[LATE_DECISIONS]),
            )
            step = IngestStep(model, keys, partition, topology)
        config = LaneConfig(
            bootstrap=settings.kafka,
            topic=topic,
            partition=partition,
            state_topic=role_state,
            transactional_id=f"{settings.app_id}-{topic}-{partition}",
            flush_s=settings.flush_s,
        )
        return Lane(config, step, source, observer)

    return build
