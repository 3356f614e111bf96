"""Makes the lane of a source partition: its role, its step and its changelog topic."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, cast

import faust
from faust.types import TP

from stream_app.edges.anomalies.scorers import Scorers
from stream_app.edges.kafka.topic_metadata import LogIdentity, TopicMetadata
from stream_app.edges.lanes.lane import Lane
from stream_app.edges.lanes.lane_contract import NO_HEADERS, LaneConfig, LaneObserver, as_read
from stream_app.edges.lanes.policy_registry import PolicyRegistry
from stream_app.edges.lanes.transport import Consumer
from stream_app.edges.registry.topic_schemas import RegisteredSchemas
from stream_app.errors import TopicError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.disclosure.sealing import AlertSealer
from stream_app.pipeline.ingest.outcome_step import OutcomeIngestStep
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.lane_step import LaneStep
from stream_app.pipeline.outcomes.step import OutcomeStep
from stream_app.pipeline.policy_book import PolicyBook, PolicySearch
from stream_app.pipeline.seals import RecordSeals
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy, Policy, outcome_records_of
from stream_app.policy.values.headers import header_names
from stream_app.programs.worker.agreed_policy import followed_policy
from stream_app.programs.worker.key_watch import WorkerKeys
from stream_app.programs.worker.record_key import seals_of
from stream_app.settings import Settings
from stream_app.topics import (
    FAIRNESS_PARTIALS,
    changelog_topic,
    outcome_join_topic,
    worker_topics,
)

ROLES = ("ingest", "judge", "outcomes")

_MakeStep = Callable[[int], LaneStep]  # from the partition


class ConsumerSource:
    """A lane's view of the app's consumer, and of what the brokers say about its topic."""

    def __init__(self, app: faust.App, metadata: TopicMetadata) -> None:
        self._app = app
        self._metadata = metadata

    @property
    def _consumer(self) -> Consumer:
        return cast(Consumer, self._app.consumer)

    async def rewind(self, topic: str, partition: int, offset: int, headers: frozenset[str] = NO_HEADERS) -> int:
        """Read again from ``offset``, with the headers of these names."""
        return await self._consumer.rewind(TP(topic, partition), offset, headers)

    async def earliest_offset(self, topic: str, partition: int) -> int:
        """Return the first retained offset."""
        tp = TP(topic, partition)
        offsets: Mapping[Any, int] = await self._consumer.earliest_offsets(tp)
        return next(offset for key, offset in offsets.items() if (key.topic, key.partition) == tp)

    async def log_identity(self, topic: str, partition: int) -> LogIdentity | None:
        """Return which log the partition has at the time of this call."""
        return await self._metadata.identity(topic, partition)

    def end_offset(self, topic: str, partition: int) -> int | None:
        """Return the end of the partition as of the last fetch."""
        return self._consumer.end_offset(TP(topic, partition))

    def fetch_age_s(self, topic: str, partition: int) -> float | None:
        """Return the seconds since the broker last answered a fetch of the partition."""
        return self._consumer.fetch_age_s(TP(topic, partition))

    def is_end(self, topic: str, partition: int, offset: int) -> bool:
        """Return whether there is no record at or above ``offset``, as of the last fetch."""
        return self._consumer.is_end(TP(topic, partition), offset)


def roles_by_topic(policy: Policy, app_id: str) -> dict[str, str]:
    """Return the role that reads each topic with lanes."""
    roles = {FAIRNESS_PARTIALS: "judge"}
    for model in policy.models:
        roles[model.topic] = "ingest"
        if model.outcome is not None:
            roles[model.outcome.topic] = "ingest"
            roles[outcome_join_topic(app_id, model.name)] = "outcomes"
    return roles


def source_topics(policy: Policy, app_id: str, roles: Iterable[str]) -> list[str]:
    """Return the topics that a worker with these roles consumes."""
    selected = set(roles)
    return [topic for topic, role in roles_by_topic(policy, app_id).items() if role in selected]


def check_partitions(policy: Policy, app_id: str, n_partitions: Mapping[str, int]) -> None:
    """Check numbers of partitions: a lane writes output and state to the partition number that it reads.

    This applies to the topics of FairStream, and to topics of outcomes: an outcome needs the partition of its decision.

    Raises:
        TopicError: a topic does not have the declared number of partitions.
    """
    for spec in worker_topics(policy, app_id, existing=n_partitions):
        if spec.is_bound and not spec.fits(n_partitions[spec.name]):
            raise TopicError(
                f"{spec.name} has {n_partitions[spec.name]} partitions instead of {spec.partitions}",
                action="Run: fairstream topics create" if spec.is_following else "See: fairstream topics check",
            )


def lane_builder(
    settings: Settings,
    policy: Policy,
    keys: WorkerKeys,
    n_partitions: Mapping[str, int],
    source: ConsumerSource,
    observer: LaneObserver,
    registry: PolicyRegistry,
) -> Callable[[str, int], Lane]:
    """Return the function that makes a new lane for a topic and partition, under the newest policy that is known."""
    topology, search = Topology(n_partitions, settings.app_id), PolicySearch()
    sealer = AlertSealer(keys.keys, secrets.token_bytes)
    scorers = Scorers(settings.state_dir)
    schemas, seals = RegisteredSchemas(settings.registry), seals_of(settings)

    def build(topic: str, partition: int) -> Lane:
        state, make_step = _step_makers(policy, keys, topology, registry.book, search, sealer, scorers)[topic]
        records = _records_in(topic, policy, registry.book)
        topic_schemas = None if records is None else schemas.of(records)
        prepare = _opening(topic, seals) if topic_schemas is None else topic_schemas.add_in_thread
        config = LaneConfig(
            kafka=settings.connection,
            topic=topic,
            partition=partition,
            changelog_topic=state,
            transactional_id=f"{settings.app_id}-{topic}-{partition}",
            flush_s=settings.flush_s,
            headers=_headers_in(records, registry.book),
            prepare=prepare,
            seals=seals,
        )
        return Lane(config, make_step(partition), source, observer)

    return build


def _opening(topic: str, seals: RecordSeals | None) -> Callable[[Batch], Awaitable[Batch]]:
    """Return what is done with the records of a topic without schemas: those between workers are checked."""
    if seals is None or not seals.is_for(topic):
        return as_read

    async def open_batch(batch: Batch) -> Batch:
        return seals.open_batch(batch)

    return open_batch


def _records_in(topic: str, policy: Policy, book: PolicyBook) -> ModelPolicy | None:
    """Return the policy by which the records of a raw topic are read; None for the other topics."""
    for model in (followed_policy(model, book) for model in policy.models):
        if model.topic == topic:
            return model
        if model.outcome is not None and model.outcome.topic == topic:
            return outcome_records_of(model)
    return None


def _headers_in(records: ModelPolicy | None, book: PolicyBook) -> frozenset[str]:
    """Return the names of the headers that are read: what an earlier policy has counted may be counted again."""
    if records is None:
        return NO_HEADERS
    earlier = (policy.model for policy in book.of_model(records.name))
    return NO_HEADERS.union(*map(header_names, (records, *earlier)))


def _step_makers(
    policy: Policy,
    keys: WorkerKeys,
    topology: Topology,
    book: PolicyBook,
    search: PolicySearch,
    sealer: AlertSealer,
    scorers: Scorers,
) -> dict[str, tuple[str, _MakeStep]]:
    """Return by source topic the changelog topic of its lanes, and the function that makes their steps."""
    app_id = topology.app_id
    makers: dict[str, tuple[str, _MakeStep]] = {
        FAIRNESS_PARTIALS: (
            changelog_topic(app_id, "judge"),
            partial(JudgeStep, policy, topology=topology, book=book, search=search, sealer=sealer, keys=keys.keys),
        )
    }
    for model in (followed_policy(model, book) for model in policy.models):
        makers[model.topic] = (
            changelog_topic(app_id, "ingest", model.name),
            partial(_ingest_step, model, keys, topology, book, scorers),
        )
        if model.outcome is not None:
            makers[model.outcome.topic] = (
                changelog_topic(app_id, "outcome ingest", model.name),
                partial(OutcomeIngestStep, model, keys.keys, topology=topology),
            )
            makers[outcome_join_topic(app_id, model.name)] = (
                changelog_topic(app_id, "outcomes", model.name),
                partial(OutcomeStep, model, topology=topology, book=book, search=search),
            )
    return makers


def _ingest_step(
    model: ModelPolicy, keys: WorkerKeys, topology: Topology, book: PolicyBook, scorers: Scorers, partition: int
) -> IngestStep:
    """Make the step of a raw topic; the reference of its model is read here, so a bad one stops no other model."""
    return IngestStep(model, keys.keys, partition, topology, book, keys.suppressed, scorers.of(model))
