"""Reads the registered policies of all deployments."""

from __future__ import annotations

import msgspec

from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.readers.judge_records import read_records
from stream_app.errors import ReplayError
from stream_app.pipeline.records.policies import PolicyRecord, decode_policy
from stream_app.topics import FAIRNESS_POLICIES


def read_policies(kafka: AnyKafka) -> list[PolicyRecord]:
    """Return every registered policy, in the order of registration.

    Raises:
        BrokerUnavailableError: no broker answers, or it was lost.
        ReplayError: a record cannot be read.
        TopicError: the topic is missing.
    """
    records = []
    for record in read_records(kafka, FAIRNESS_POLICIES):
        try:
            records.append(decode_policy(record.value))
        except msgspec.MsgspecError:
            raise ReplayError(
                f"The record at offset {record.offset} of {FAIRNESS_POLICIES} is not a registered policy",
                action="Nothing but FairStream may write to this topic",
            ) from None
    return records
