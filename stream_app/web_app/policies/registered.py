"""Keeps the registered policies, which it reads from their compacted topic once a minute, in a thread of its own.

What the topic lost stays here. Results are as current as they are without it, so a broker that does not answer, or a
missing right, is said where policies are compared and nowhere else.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

import msgspec
from django.db import DatabaseError

from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.readers.registered_policies import read_policies
from stream_app.errors import FairStreamError
from stream_app.pipeline.records.policies import PolicyRecord
from stream_app.web_app.policies.models import RegisteredPolicy
from stream_app.web_app.policies.repeated import Repeated

_EVERY_S = 60.0
_MAX_NAME, _MAX_HASH = 300, 64

log = logging.getLogger(__name__)
_fault = [""]  # of the newest attempt of this process


class PolicyReader(Repeated):
    """Reads the registered policies again and again.

    Args:
        kafka: The connection.
    """

    def __init__(self, kafka: AnyKafka) -> None:
        super().__init__("registered policies", _EVERY_S, self._read)
        self._kafka = kafka

    def _read(self) -> None:
        fault = ""
        try:
            keep(read_policies(self._kafka))
        except FairStreamError as error:
            fault = error.message
        except DatabaseError as error:
            fault = f"The database does not answer ({type(error).__name__})"
        if fault and fault != _fault[0]:
            log.warning("registered policies not read fault=%s", fault)
        _fault[0] = fault


def reading_fault() -> str:
    """Return why the policies were not read at the newest attempt; empty where they were."""
    return _fault[0]


def keep(records: Iterable[PolicyRecord]) -> None:
    """Store the policies that are not stored yet."""
    stored = {*RegisteredPolicy.objects.values_list("model", "hash")}
    for record in records:
        key = (record.model, record.hash)
        if key not in stored and _fits(record):
            stored.add(key)
            values = {"registered_s": record.registered_ms // 1000, "policy": record.policy}
            RegisteredPolicy.objects.get_or_create(model=record.model, hash=record.hash, defaults=values)


def _fits(record: PolicyRecord) -> bool:
    """Return whether a database can store a record; one of a later version was not checked before."""
    has_zeros = b"\\u0000" in msgspec.json.encode(record)  # which PostgreSQL rejects
    is_short = len(record.model) <= _MAX_NAME and len(record.hash) <= _MAX_HASH
    return is_short and record.registered_ms >= 0 and not has_zeros
