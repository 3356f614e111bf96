"""Reads the registered policies of all deployments."""

from __future__ import annotations

import time

from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.readers.judge_records import read_records
from stream_app.pipeline.records.policies import PolicyRecord, registered_policy
from stream_app.topics import FAIRNESS_POLICIES


def read_policies(kafka: AnyKafka) -> list[PolicyRecord]:
    """Return every registered policy, in the order of registration; what no worker registers is left out.

    Raises:
        BrokerUnavailableError: no broker answers, or it was lost.
        TopicError: the topic is missing.
    """
    found = (registered_policy(None, record.value, time.time()) for record in read_records(kafka, FAIRNESS_POLICIES))
    return [record for record in found if record is not None]
