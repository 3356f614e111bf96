"""Version 10 of Kafka's metadata request, the first whose answer has topic ids (KIP-516): Kafka 2.8 and later.

aiokafka's own metadata requests end with version 5. ``without_ids`` reads the answer to one of those.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

_NO_ID = uuid.UUID(int=0)


@dataclass(frozen=True)
class TopicDescription:
    """A topic as a broker describes it.

    Attributes:
        topic_id: Its id; empty where the broker gives none.
        leaders: Broker that leads each partition.
        leader_epochs: Leader epoch of each partition; -1 where the broker gives none.
    """

    topic_id: str
    leaders: Mapping[int, int]
    leader_epochs: Mapping[int, int]

    @property
    def n_partitions(self) -> int:
        """Number of partitions."""
        return len(self.leaders)


class _Uuid:
    @classmethod
    def encode(cls, value: uuid.UUID) -> bytes:
        return value.bytes

    @classmethod
    def decode(cls, data: BytesIO) -> uuid.UUID:
        return uuid.UUID(bytes=data.read(16))

    @classmethod
    def repr(cls, value: uuid.UUID) -> str:
        return str(value)


class _MetadataResponse10(Response):  # type: ignore[misc]  # aiokafka is not typed
    API_KEY = 3
    API_VERSION = 10
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString("utf-8")),
                ("port", Int32),
                ("rack", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("topic", CompactString("utf-8")),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("authorized_operations", Int32),
        ("tags", TaggedFields),
    )


class _MetadataRequest10(RequestStruct):  # type: ignore[misc]  # as above
    API_KEY = 3
    API_VERSION = 10
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _MetadataResponse10
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("topic", CompactString("utf-8")), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class MetadataRequest10(Request[_MetadataRequest10]):  # type: ignore[misc]  # as above
    """Asks for some topics, and creates none.

    Args:
        topics: Their names.
    """

    API_KEY = 3

    def __init__(self, topics: list[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[_MetadataRequest10]) -> _MetadataRequest10:
        """Return the request as it is sent."""
        return request_struct_class([(_NO_ID, topic, {}) for topic in self._topics], False, False, False, {})


def with_ids(response: Any) -> dict[str, TopicDescription]:
    """Return the topics of an answer to ``MetadataRequest10`` that exist and may be described."""
    described = {}
    for error_code, topic, topic_id, _, partitions, _, _ in response.topics:
        if not error_code:
            leaders = {partition: leader for _, partition, leader, *_ in partitions}
            epochs = {partition: epoch for _, partition, _, epoch, *_ in partitions}
            described[topic] = TopicDescription("" if topic_id == _NO_ID else topic_id.hex, leaders, epochs)
    return described


def without_ids(response: Any) -> dict[str, TopicDescription]:
    """Return the same of an answer to aiokafka's ``MetadataRequest``."""
    described = {}
    for error_code, topic, _, partitions in response.topics:
        if not error_code:
            leaders = {partition: leader for _, partition, leader, *_ in partitions}
            described[topic] = TopicDescription("", leaders, dict.fromkeys(leaders, -1))
    return described
