"""A policy: the monitored models, and the hashes that identify it in everything that is made from it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from functools import cache
from typing import Annotated, Any, Literal

import msgspec

from stream_app.errors import PolicyError
from stream_app.policy.fields import (
    Box,
    CameraRecords,
    Constant,
    EventTime,
    Feature,
    Identifier,
    Instance,
    Outcome,
    Score,
)
from stream_app.policy.former_names import IN_HASH_OF_FILE
from stream_app.policy.limits import Detection, Privacy, Publication, Rules, Sealing, WindowPolicy
from stream_app.policy.parts.decision import Decision
from stream_app.policy.types import Format, JsonPath, Name, PolicyPart, Spelling, Subject, Topic
from stream_app.policy.values.anomalies import Anomalies
from stream_app.policy.values.labeled import Attribute, Segment
from stream_app.policy.values.proxies import Proxy

DEFAULT_WINDOWS = (
    WindowPolicy(name="1m", size_s=60),
    WindowPolicy(name="5m", size_s=300),
    WindowPolicy(name="1h", size_s=3600),
)


# Fields on which no count depends: names, and how counts are judged. (``attributes`` count without their reference.)
JUDGING_FIELDS = frozenset(
    {"name", "topic", "outcome", "windows", "rules", "detection", "privacy", "sealing", "anomalies", "revision_s"}
)

_LEAST_WAIT_S, _MOST_WAIT_S = 7_200, 172_800
_fields_of = cache(msgspec.structs.fields)  # which evaluates every type at each call
BUCKET_FIELD = "cluster_bucket"  # of published events: the number of the bucket of the cluster


class ModelPolicy(PolicyPart, frozen=True, kw_only=True):
    """One monitored stream.

    Attributes:
        name: Name of the model in keys, metrics and results.
        topic: The raw topic that the customer writes.
        format: How its records are written: ``json`` as plain JSON; ``avro``, ``protobuf`` or ``json-schema`` as the
            serializers of a schema registry write them, with the id of the schema before each record. Paths name the
            fields of the schema (``docs/how-to/formats.md``).
        schema_subject: Subject of the registry under which the schemas of the topic are registered; without it the name
            of the topic and ``-value``. A record with a schema of other subjects is a dead letter (``schema``).
        instance: The list of instances in the payload of an inference service; a record must have a single one.
        record: The layout of cameras in which the records are written; for ``counts`` only. Paths are then fields of
            the camera event.
        event_time: When the decision was made.
        kind: ``decisions`` are judged for fairness; ``counts`` are published as k-suppressed counts; ``allocations``
            are hours of areas, compared per capita between the groups of each attribute. They need a ``segment``, the
            area, and features named ``hours`` and ``population``; ``risk`` is optional. ``amounts`` follows from a
            decision that is an amount and need not be given.
        output_topic: Where the pseudonymized events go; without it they are counted and not published.
        event_id: The identifier by which a duplicate is recognized; pseudonymized too.
        identifiers: Further identifiers; all are replaced by pseudonyms.
        decision: The decision that is monitored; for ``decisions`` and ``amounts``.
        attributes: The protected attributes; for ``counts`` whatever is counted by. The product of the numbers of
            labels of all attributes, segment, decision and score is at most 1,000,000, four times as many with
            outcomes and 65 times as many with a ``cluster`` included. May be left out where there are ``proxies``.
        proxies: Protected attributes that are not collected, with the probabilities of membership that records have
            instead; for ``decisions`` only.
        segment: The field by which causes are searched.
        model_version: Place of the version of the model that decided: text or a whole number; may be absent or null
            (``unknown``), any other type is left out and counts as a dropped field. It passes unchanged into the output
            and is not counted by; ``replay bisect`` finds the version with which a change began. A version that is
            longer than 60 characters or not printable counts as ``__other__`` there. For ``decisions`` only.
        cluster: Place of what makes decisions depend on one another, such as ``officer.id`` or ``batch``: text or a
            number, which may be absent. Clusters are put into 64 buckets by a hash, and the tests compare buckets, so
            dependence inside a cluster raises no false alarms. Tests of scores and outcomes do not use clusters: for
            them alone ``design_effect`` may be given beside it. Decisions without a
            cluster are taken as one, which is cautious: where all lack it, little is ever detected. Published events
            contain the number of the bucket (``cluster_bucket``); the field itself is published only where it is also
            an identifier (as a pseudonym), ``segment``, ``model_version`` or in ``keep``. For ``decisions`` only.
        score: The number on which the decision was based; for ``decisions`` only.
        outcome: The outcomes of the decisions, known later; for ``decisions`` only.
        features: Numbers whose mean and spread are kept.
        keep: Further fields that pass unchanged into the output (text, numbers, booleans); may be absent or null. A
            value of another type is left out and counts as a dropped field.
        missing: Spellings of a missing value, such as ``["NA", "Exempt", ""]``, compared like groups. A group or
            segment that is missing counts as ``unknown``, a feature as absent; a required one makes the record a dead
            letter (``missing``). Null is always one.
        numbers_as_text: Whether numbers of features, score, bands and epoch times may be written as text (``"12.5"``);
            if not, such a text cannot be read.
        constants: Fields that must have one of the listed values.
        boxes: Bounding boxes, checked and dropped.
        drop: Fields that are known to identify a person; dropped and counted by path. Needs ``unknown_fields =
            "drop"``.
        unknown_fields: What happens to a field that the policy does not name: ``reject`` makes the record a dead
            letter, ``drop`` drops the field and counts it.
        windows: The windows that are judged, beside the running total.
        rules: The limits of fairness.
        detection: How the sequential tests work; for ``decisions``.
        privacy: What may leave.
        publication: How counts are published; for ``counts`` only.
        sealing: Who may read alerts; for ``decisions`` only. Without it every reader of the topic may.
        anomalies: Tags for events whose numbers are unlike those of a reference.
        deduplication_window: A record is a duplicate if its event id occurs among this many records before it in its
            partition; 0 disables deduplication. A change discards the ids seen so far.
        max_record_bytes: A larger record is a dead letter (``size``), unread.
        max_list_items: A list with more entries makes the record a dead letter (``cardinality``).
        revision_s: How long a closed window can still be corrected by a partition that was silent.
    """

    name: Name
    topic: Topic
    format: Format = "json"
    schema_subject: Subject | None = None
    instance: Instance | None = None
    record: CameraRecords | None = None
    event_time: EventTime
    kind: Literal["decisions", "counts", "allocations", "amounts"] = "decisions"
    output_topic: Topic | None = None
    event_id: Identifier
    identifiers: tuple[Identifier, ...] = ()
    decision: Decision | None = None
    attributes: Annotated[tuple[Attribute, ...], msgspec.Meta(max_length=8)] = ()
    proxies: Annotated[tuple[Proxy, ...], msgspec.Meta(max_length=2)] = ()
    segment: Segment | None = None
    model_version: JsonPath | None = None
    cluster: JsonPath | None = None
    score: Score | None = None
    outcome: Outcome | None = None
    features: Annotated[tuple[Feature, ...], msgspec.Meta(max_length=16)] = ()
    keep: tuple[JsonPath, ...] = ()
    missing: Annotated[tuple[Spelling, ...], msgspec.Meta(max_length=64)] = ()
    numbers_as_text: bool = False
    constants: tuple[Constant, ...] = ()
    boxes: tuple[Box, ...] = ()
    drop: tuple[JsonPath, ...] = ()
    unknown_fields: Literal["reject", "drop"] = "reject"
    windows: Annotated[tuple[WindowPolicy, ...], msgspec.Meta(min_length=1, max_length=8)] = DEFAULT_WINDOWS
    rules: Rules = Rules()
    detection: Detection = Detection()
    privacy: Privacy = Privacy()
    publication: Publication | None = None
    sealing: Sealing | None = None
    anomalies: Anomalies | None = None
    deduplication_window: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)] = 200_000
    max_record_bytes: Annotated[int, msgspec.Meta(ge=256, le=16_777_216)] = 1_048_576
    max_list_items: Annotated[int, msgspec.Meta(ge=1)] = 512
    revision_s: Annotated[int, msgspec.Meta(ge=60, le=7 * 86_400)] = 3600

    def __post_init__(self) -> None:
        """Name the kind of a model whose decision is an amount."""
        if self.kind == "decisions" and self.decision is not None and self.decision.is_amount:
            msgspec.structs.force_setattr(self, "kind", "amounts")

    def counting_facts(self) -> dict[str, object]:
        """Return what the counts of this model depend on, by field: models with equal facts count alike.

        Every field that is not known to be for judging alone, so a new field counts by default.
        """
        facts: dict[str, object] = {
            name: getattr(self, name) for name in self.__struct_fields__ if name not in JUDGING_FIELDS
        }
        facts["attributes"] = [msgspec.structs.replace(attribute, reference=None) for attribute in self.attributes]
        if self.record is not None:  # a track counts once in each window
            facts["windows"] = self.windows[0].size_s
        facts["proxies"] = [(proxy.name, list(proxy.groups.items())) for proxy in self.proxies]
        return facts

    @property
    def all_identifiers(self) -> tuple[Identifier, ...]:
        """The event id first, then the other identifiers."""
        return (self.event_id, *self.identifiers)

    @property
    def counted_features(self) -> tuple[Feature, ...]:
        """The numbers in the order of a cell's vector: declared features, probabilities of proxies, score, amount."""
        score = () if self.score is None else (self.score.as_feature,)
        amount = () if self.decision is None else self.decision.as_features
        return (*self.features, *(feature for proxy in self.proxies for feature in proxy.as_features), *score, *amount)

    @property
    def is_tested(self) -> bool:
        """Whether groups are tested over time, period by period."""
        return self.kind in ("decisions", "amounts")

    def hash(self) -> str:
        """Return the hash that results, alerts and journal carry: of everything that changes verdicts or counts.

        16 hex digits of the SHA-256 of the canonical JSON. It is about this model alone, so another model in the file
        does not change it, nor does a permission to export records. A field that has its default is left out, so a
        version with further fields keeps the hash of every policy that does not use them.
        """
        privacy = msgspec.structs.replace(self.privacy, exportable_records="none")
        return _hash_of(_stated(msgspec.structs.replace(self, privacy=privacy), frozenset()))

    @property
    def period_s(self) -> int:
        """Length of a comparison period, in seconds."""
        return self.detection.period_s or min(window.size_s for window in self.windows)

    @property
    def wait_s(self) -> float:
        """How long the tests wait for a silent source partition, in seconds."""
        if self.detection.wait_s is not None:
            return self.detection.wait_s
        longest_s = max(window.size_s for window in self.windows)
        return float(min(max(2 * longest_s, _LEAST_WAIT_S), _MOST_WAIT_S))

    def layout_hash(self) -> str:
        """Return the hash of the cells of this model, and of where their labels are read.

        Counts under equal hashes have equal cells. Counts under different ones are mapped
        (``stream_app.pipeline.policy_change``).
        """
        layout: list[object] = [
            self.kind,
            self.decision,
            self.attributes,
            self.segment,
            self.features,
            self.event_time.pane_s,
        ]
        if self.cluster is not None:
            layout.append(("cluster", self.cluster))
        if self.score is not None:  # without one the hash is that of policies from before there were scores
            layout.append((self.score.path, self.score.minimum, self.score.maximum, self.score.edges))
        if self.proxies:
            layout.append([(proxy.name, list(proxy.groups.items())) for proxy in self.proxies])
        return _hash_of([_stated(part, IN_HASH_OF_FILE) for part in layout])


class Policy(PolicyPart, frozen=True, kw_only=True):
    """A policy file.

    Attributes:
        schema: Version of this format.
        models: The monitored streams, each with a topic of its own.
    """

    schema: Literal[1]
    models: Annotated[tuple[ModelPolicy, ...], msgspec.Meta(min_length=1, max_length=64)]

    def hash(self) -> str:
        """Return the hash of the complete file, 16 hex digits: what an audit entry names.

        Results carry the hash of their model instead. Fields that came after version 0.2 are part of it only where they
        are given, so a file keeps its hash. A permission to export records is part of it: the audit names the policy
        that gave it.
        """
        return _hash_of(_stated(self, IN_HASH_OF_FILE))

    def model(self, name: str) -> ModelPolicy:
        """Return one model by its name.

        Raises:
            PolicyError: there is none of that name.
        """
        for model in self.models:
            if model.name == name:
                return model
        known = ", ".join(model.name for model in self.models)
        raise PolicyError(f"No model {name!r} in the policy", action=f"Known: {known}")

    def only(self, name: str | None) -> Policy:
        """Return the policy with one of its models; all of it for None.

        Raises:
            PolicyError: there is none of that name.
        """
        return self if name is None else msgspec.structs.replace(self, models=(self.model(name),))


def _stated(value: Any, always: Collection[tuple[str, str]]) -> Any:
    """Return a part of a policy as plain data without fields that have their default, but for some."""
    if isinstance(value, tuple):
        return [_stated(item, always) for item in value]
    if not isinstance(value, PolicyPart):
        return value
    part = type(value).__name__
    return {
        field.name: _stated(getattr(value, field.name), always)
        for field in _fields_of(type(value))
        if (part, field.name) in always or field.required or getattr(value, field.name) != field.default
    }


def _hash_of(data: object) -> str:
    return hashlib.sha256(msgspec.json.encode(data)).hexdigest()[:16]
