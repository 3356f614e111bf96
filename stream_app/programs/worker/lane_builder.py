"""Makes the lane of a source partition: which role, which step, which state topic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, cast

import faust
from faust.types import TP

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.edges.lanes.lane import Lane, LaneConfig, LaneObserver
from stream_app.edges.lanes.transport import Consumer
from stream_app.errors import TopicError
from stream_app.pipeline.contract import LaneStep
from stream_app.pipeline.ingest.outcome_step import OutcomeIngestStep, OutcomeIngestTopology
from stream_app.pipeline.ingest.step import IngestStep, IngestTopology
from stream_app.pipeline.judge.step import JudgeStep, JudgeTopology
from stream_app.pipeline.outcomes.step import OutcomeStep, OutcomeTopology
from stream_app.policy import ModelPolicy, Policy
from stream_app.settings import Settings
from stream_app.topics import (
    CAMERA_AGGREGATES,
    DEAD_LETTERS,
    FAIRNESS_PARTIALS,
    FAIRNESS_RESULTS,
    LATE_DECISIONS,
    changelog_topic,
    declared_topics,
    outcome_join_topic,
)

ROLES = ("ingest", "judge", "outcomes")

_MakeStep = Callable[[int], LaneStep]  # from the partition


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


def roles_by_topic(policy: Policy, app_id: str) -> dict[str, str]:
    """Return every topic that has lanes, with the role that reads it."""
    roles = {FAIRNESS_PARTIALS: "judge"}
    for model in policy.models:
        roles[model.topic] = "ingest"
        if model.outcome is not None:
            roles[model.outcome.topic] = "ingest"
            roles[outcome_join_topic(app_id, model.name)] = "outcomes"
    return roles


def source_topics(policy: Policy, app_id: str, roles: Iterable[str]) -> list[str]:
    """List the topics that a worker with these roles consumes."""
    wanted = set(roles)
    return [topic for topic, role in roles_by_topic(policy, app_id).items() if role in wanted]


def check_partitions(policy: Policy, app_id: str, n_partitions: Mapping[str, int]) -> None:
    """Refuse topics with other partitions than declared: a lane writes its output and its state where it reads.

    That holds for own topics, and for those of the outcomes, which must lie beside their decisions.

    Raises:
        TopicError: some topic has another number of partitions.
    """
    beside = {model.outcome.topic for model in policy.models if model.outcome is not None}
    for spec in declared_topics(policy, app_id, existing=n_partitions):
        is_bound = spec.owner == "fairstream" or spec.name in beside
        if is_bound and n_partitions[spec.name] != spec.partitions:
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
    makers = _step_makers(settings.app_id, policy, keys, n_partitions)

    def build(topic: str, partition: int) -> Lane:
        state, make_step = makers[topic]
        config = LaneConfig(
            bootstrap=settings.kafka,
            topic=topic,
            partition=partition,
            changelog_topic=state,
            transactional_id=f"{settings.app_id}-{topic}-{partition}",
            flush_s=settings.flush_s,
        )
        return Lane(config, make_step(partition), source, observer)

    return build


def _step_makers(
    app_id: str, policy: Policy, keys: tuple[RootKey, ...], n_partitions: Mapping[str, int]
) -> dict[str, tuple[str, _MakeStep]]:
    """Return by source topic the state topic of its lanes, and what makes their steps."""
    judge_topology = JudgeTopology(n_partitions[FAIRNESS_RESULTS], n_partitions.get(CAMERA_AGGREGATES, 1))
    makers: dict[str, tuple[str, _MakeStep]] = {
        FAIRNESS_PARTIALS: (
            changelog_topic(app_id, "judge"),
            lambda partition: JudgeStep(policy, partition, judge_topology),
        )
    }
    for model in policy.models:
        makers[model.topic] = (
            changelog_topic(app_id, "ingest", model.name), partial(_ingest_step, model, keys, app_id, n_partitions)
        )  # fmt: skip
        if model.outcome is not None:
            makers[model.outcome.topic] = (
                changelog_topic(app_id, "outcome ingest", model.name),
                partial(_outcome_ingest_step, model, keys, app_id, n_partitions),
            )
            makers[outcome_join_topic(app_id, model.name)] = (
                changelog_topic(app_id, "outcomes", model.name), partial(_outcome_step, model, app_id, n_partitions)
            )  # fmt: skip
    return makers


def _ingest_step(
    model: ModelPolicy, keys: tuple[RootKey, ...], app_id: str, n_partitions: Mapping[str, int], partition: int
) -> LaneStep:
    topology = IngestTopology(
        n_source_partitions=n_partitions[model.topic],
        n_partials=n_partitions[FAIRNESS_PARTIALS],
        n_notices=min(n_partitions[DEAD_LETTERS], n_partitions[LATE_DECISIONS]),
        app_id=app_id,
    )
    return IngestStep(model, keys, partition, topology)


def _outcome_ingest_step(
    model: ModelPolicy, keys: tuple[RootKey, ...], app_id: str, n_partitions: Mapping[str, int], partition: int
) -> LaneStep:
    return OutcomeIngestStep(model, keys, partition, OutcomeIngestTopology(app_id, n_partitions[DEAD_LETTERS]))


def _outcome_step(model: ModelPolicy, app_id: str, n_partitions: Mapping[str, int], partition: int) -> LaneStep:
    n_source_partitions = n_partitions[outcome_join_topic(app_id, model.name)]
    return OutcomeStep(model, partition, OutcomeTopology(app_id, n_source_partitions, n_partitions[FAIRNESS_PARTIALS]))
