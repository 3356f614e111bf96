"""Every topic by its role: names, partitions and settings, read from ``topics.toml`` and filled in from a policy.

Pure: what the broker has is compared in ``stream_app.edges.kafka.admin``.
"""

from __future__ import annotations

import tomllib
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec

from stream_app.errors import PolicyError
from stream_app.policy import ModelPolicy, Policy, Topic

_DAY_MS = 86_400_000
# State is read from its beginning when a lane starts, so it must stay short: small segments that are closed and
# compacted soon, and tombstones that go after an hour (a reader that takes longer than that would miss them).
_COMPACTION = {
    "segment.bytes": "33554432",
    "segment.ms": "600000",
    "min.cleanable.dirty.ratio": "0.3",
    "min.compaction.lag.ms": "0",
    "max.compaction.lag.ms": "3600000",
    "delete.retention.ms": "3600000",
}

UserRole = Literal["worker", "producer", "auditor", "web"]
Kind = Literal["decisions", "counts", "allocations", "amounts"]
Partitions = Annotated[int, msgspec.Meta(ge=1, le=10_000)]


class Declaration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry of ``topics.toml``; the file explains the fields."""

    role: str
    name: str
    for_each: Literal["model", "policy"]
    owner: Literal["customer", "fairstream"]
    partitions: Partitions | str
    cleanup: Literal["delete", "compact", "compact,delete"]
    timestamps: Literal["LogAppendTime", "CreateTime"]
    max_message_bytes: Annotated[int, msgspec.Meta(ge=1)]
    written_by: str
    read_by: str
    contents: str
    writers: tuple[UserRole, ...] = ()
    readers: tuple[UserRole, ...] = ()
    kinds: tuple[Kind, ...] = get_args(Kind)
    has_outcome: bool = False
    has_export: bool = False
    for_worker: bool = True
    retention_d: Annotated[int, msgspec.Meta(ge=1)] | None = None

    def config(self) -> dict[str, str]:
        """Return the settings by Kafka's own names."""
        config = {
            "cleanup.policy": self.cleanup,
            "message.timestamp.type": self.timestamps,
            "max.message.bytes": str(self.max_message_bytes),
        }
        if self.retention_d is not None:
            config["retention.ms"] = str(self.retention_d * _DAY_MS)
        return config | (_COMPACTION if "compact" in self.cleanup else {})


class TopicSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A topic as it should exist.

    Attributes:
        name: Its name.
        role: What it is for, as in ``topics.toml``.
        owner: ``customer`` when it may differ from this.
        partitions: How many partitions.
        config: Settings by Kafka's own names.
        written_by: Who writes.
        read_by: Who reads.
        contents: What its records are.
        writers: Roles of users that need to write it.
        readers: Roles of users that need to read it.
        is_following: Whether it needs as many partitions as the topic that it follows; it may have more.
        for_worker: Whether a worker needs it to be there.
    """

    name: Topic
    role: str
    owner: Literal["customer", "fairstream"]
    partitions: Partitions
    config: dict[str, str]
    written_by: str
    read_by: str
    contents: str
    writers: tuple[UserRole, ...] = ()
    readers: tuple[UserRole, ...] = ()
    is_following: bool = False
    for_worker: bool = True

    @property
    def is_bound(self) -> bool:
        """Whether FairStream cannot work with another number of partitions."""
        return self.is_following or self.owner == "fairstream"

    def fits(self, n_partitions: int) -> bool:
        """Return whether a number of partitions is as declared; one of FairStream that follows a topic may have more.

        An outcome must be in the partition of its decision, so a topic of outcomes has neither fewer nor more.
        """
        has_spare = self.is_following and self.owner == "fairstream"
        return n_partitions >= self.partitions if has_spare else n_partitions == self.partitions


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: Literal[1]
    topics: tuple[Declaration, ...]


DECLARATIONS = msgspec.convert(tomllib.loads(Path(__file__).with_name("topics.toml").read_text("utf-8")), _File).topics


def _name_of(role: str) -> str:
    return next(declaration.name for declaration in DECLARATIONS if declaration.role == role)


DEAD_LETTERS = _name_of("dead letters")
LATE_DECISIONS = _name_of("late decisions")
FAIRNESS_PARTIALS = _name_of("partials")
FAIRNESS_RESULTS = _name_of("results")
FAIRNESS_ALERTS = _name_of("alerts")
FAIRNESS_JOURNAL = _name_of("journal")
FAIRNESS_POLICIES = _name_of("policies")
FAIRNESS_CHECKPOINTS = _name_of("checkpoints")
CAMERA_AGGREGATES = _name_of("camera aggregates")
FAIRNESS_AUDIT = _name_of("audit")
AUDIT_CHECKPOINTS = _name_of("audit checkpoints")
_INTERNAL = frozenset({FAIRNESS_PARTIALS, FAIRNESS_JOURNAL, FAIRNESS_POLICIES, FAIRNESS_CHECKPOINTS})


def changelog_topic(
    app_id: str, role: Literal["ingest", "judge", "outcome ingest", "outcomes"], model: str = ""
) -> str:
    """Return the name of the compacted topic with the state of a role's lanes.

    >>> changelog_topic("fairstream", "ingest", "loans")
    'fairstream-changelog-ingest-loans'
    >>> changelog_topic("fairstream", "judge")
    'fairstream-changelog-judge'
    """
    return _name_of(f"{role} changelog").format(app_id=app_id, model=model)


def outcome_join_topic(app_id: str, model: str) -> str:
    """Return the name of the topic in which the decisions and the outcomes of a model meet.

    >>> outcome_join_topic("fairstream", "credit")
    'fairstream-outcome-join-credit'
    """
    return _name_of("outcome join").format(app_id=app_id, model=model)


def is_internal(topic: str, app_id: str) -> bool:
    """Return whether only workers read and write a topic: no record of it is for people.

    >>> is_internal("fairness-partials", "fs"), is_internal("fs-changelog-judge", "fs"), is_internal("raw", "fs")
    (True, True, False)
    """
    return topic in _INTERNAL or topic.startswith((f"{app_id}-changelog-", f"{app_id}-outcome-join-"))


def is_compacted_internal(topic: str, app_id: str) -> bool:
    """Return whether a topic is internal and its records are known by their keys.

    >>> is_compacted_internal("fairness-partials", "fs"), is_compacted_internal("fs-changelog-judge", "fs")
    (False, True)
    """
    return topic == FAIRNESS_POLICIES or topic.startswith(f"{app_id}-changelog-")


def partition_of_model(model: str, n_partitions: int) -> int:
    """Return the partition of ``fairness-partials`` of a model: CRC-32 of its name, so it never moves.

    >>> partition_of_model("loans", 1)
    0
    """
    return zlib.crc32(model.encode()) % n_partitions


def declared_topics(
    policy: Policy, app_id: str, *, partitions: int | None = None, existing: Mapping[str, int] | None = None
) -> tuple[TopicSpec, ...]:
    """Fill in the declarations.

    Args:
        policy: What is monitored.
        app_id: Consumer group; prefix of the changelog topics.
        partitions: Partitions of a raw topic that has to be created; None takes the declared number.
        existing: Partitions of the topics that exist. A raw topic of the customer keeps its number, and what
            follows it follows that.

    Returns:
        In the order of ``topics.toml``, each name once.

    Raises:
        PolicyError: a topic of the policy has the name of another topic of FairStream.

    >>> from stream_app.policy import load_policy
    >>> specs = declared_topics(load_policy("loans"), "fairstream", existing={"loan-decisions-raw": 12})
    >>> [(spec.name, spec.partitions) for spec in specs][:3]
    [('loan-decisions-raw', 12), ('fairstream-changelog-ingest-loans', 12), ('loan-decisions', 12)]
    """
    specs: dict[str, TopicSpec] = {}
    for declaration in DECLARATIONS:
        for model in _models_of(declaration, policy):
            name = declaration.name.format(
                app_id=app_id,
                model=model.name,
                topic=model.topic,
                output_topic=model.output_topic or "",
                outcome_topic=model.outcome.topic if model.outcome else "",
            )
            if name in specs and specs[name].role != declaration.role:
                raise PolicyError(
                    f"Topic {name!r} cannot be used for both {specs[name].role} and {declaration.role}",
                    action="Choose another name in the policy",
                )
            if name and name not in specs:
                count = _partitions_of(declaration, model, partitions, specs.values(), existing or {})
                specs[name] = _spec(declaration, name, count)
    return tuple(specs.values())


def worker_topics(policy: Policy, app_id: str, *, existing: Mapping[str, int] | None = None) -> tuple[TopicSpec, ...]:
    """Return the topics that must be there before a worker starts; the arguments are those of ``declared_topics``.

    Raises:
        PolicyError: a topic of the policy has the name of another topic of FairStream.
    """
    return tuple(spec for spec in declared_topics(policy, app_id, existing=existing) if spec.for_worker)


def _models_of(declaration: Declaration, policy: Policy) -> Iterable[ModelPolicy]:
    models = [model for model in policy.models if model.kind in declaration.kinds]
    if declaration.has_outcome:
        models = [model for model in models if model.outcome is not None]
    if declaration.has_export:
        models = [model for model in models if model.privacy.exportable_records != "none"]
    return models if declaration.for_each == "model" else models[:1]


def _partitions_of(
    declaration: Declaration,
    model: ModelPolicy,
    wanted: int | None,
    earlier: Iterable[TopicSpec],
    existing: Mapping[str, int],
) -> int:
    if isinstance(declaration.partitions, str):
        leaders = [spec for spec in earlier if spec.role == declaration.partitions]
        followed = model.topic if declaration.partitions == "raw" else leaders[0].name
        return next(spec.partitions for spec in leaders if spec.name == followed)
    if declaration.owner == "customer":
        return existing.get(model.topic) or wanted or declaration.partitions
    return declaration.partitions


def _spec(declaration: Declaration, name: str, partitions: int) -> TopicSpec:
    return TopicSpec(
        name=name,
        role=declaration.role,
        owner=declaration.owner,
        partitions=partitions,
        config=declaration.config(),
        written_by=declaration.written_by,
        read_by=declaration.read_by,
        contents=declaration.contents,
        writers=declaration.writers,
        readers=declaration.readers,
        is_following=isinstance(declaration.partitions, str),
        for_worker=declaration.for_worker,
    )
