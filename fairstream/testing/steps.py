"""The steps of a policy in the order in which data flows: ingest, ingest of outcomes, outcome join, judge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.pipeline.ingest.outcome_step import OutcomeIngestStep
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.lane_step import LaneStep
from stream_app.pipeline.outcomes.step import OutcomeStep
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy, Policy
from stream_app.topics import FAIRNESS_PARTIALS, outcome_join_topic

APP_ID = "in-memory"
TEST_KEYS = (RootKey("testkeya", 0, b"fairstream.testing: not a secret"),)


class StepFactory(NamedTuple):
    """What makes the steps of one role, one for each partition of its source topic.

    Attributes:
        role: ``ingest``, ``outcome ingest``, ``outcomes`` or ``judge``.
        topic: Source topic.
        n_partitions: Partitions of the source topic.
        policy: The policy.
        model: The model; the first one of the policy for ``judge``, which judges all.
        keys: Root keys of the pseudonyms.
    """

    role: str
    topic: str
    n_partitions: int
    policy: Policy
    model: ModelPolicy
    keys: tuple[RootKey, ...]

    def make(self, partition: int) -> LaneStep:
        """Return a new step for a partition."""
        model, keys = self.model, self.keys
        topology = Topology({self.topic: self.n_partitions}, APP_ID)
        if self.role == "ingest":
            return IngestStep(model, keys, partition, topology)
        if self.role == "outcome ingest":
            return OutcomeIngestStep(model, keys, partition, topology)
        if self.role == "outcomes":
            return OutcomeStep(model, partition, topology)
        return JudgeStep(self.policy, partition, topology)


def list_steps(policy: Policy, n_partitions: int, keys: tuple[RootKey, ...]) -> list[StepFactory]:
    """Return the factories of all steps of a policy, in the order in which data flows."""
    return [
        *(
            StepFactory(role, topic, n_partitions, policy, model, keys)
            for role in ("ingest", "outcome ingest", "outcomes")
            for topic, model in _sources(policy, role)
        ),
        StepFactory("judge", FAIRNESS_PARTIALS, 1, policy, policy.models[0], keys),
    ]


def _sources(policy: Policy, role: str) -> Iterator[tuple[str, ModelPolicy]]:
    for model in policy.models:
        if role == "ingest":
            yield model.topic, model
        elif model.outcome is not None:
            topic = model.outcome.topic if role == "outcome ingest" else outcome_join_topic(APP_ID, model.name)
            yield topic, model
