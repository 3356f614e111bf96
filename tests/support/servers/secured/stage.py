"""An installation on the secured broker, and what tests of it ask again and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import (
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePatternFilter,
    ResourceType,
)

from producers.publish import Destination, publish
from producers.simulated.drift import DriftSchedule
from producers.simulated.loans import simulate_loans
from producers.timeline import Timeline
from stream_app.access import Right, rights_of
from stream_app.connection.kafka_connection import KafkaConnection
from stream_app.errors import BrokerUnavailableError, TopicError
from stream_app.topics import UserRole
from tests.programs.chaos.logs import read_raw, read_sources
from tests.programs.secure_check.check import SecureCheck
from tests.support.servers.secured.kafka import SecuredKafka
from tests.support.servers.sites import Site

APP_ID = "secured"
WAIT_S = 240.0
_START_MS = 1_795_449_600_000


@dataclass(frozen=True)
class Stage:
    """The broker, an installation on it, and how the user of each role connects.

    Attributes:
        check: The whole job of every role on it.
    """

    check: SecureCheck

    @property
    def kafka(self) -> SecuredKafka:
        return self.check.kafka

    @property
    def site(self) -> Site:
        return self.check.site

    @property
    def users(self) -> dict[UserRole, KafkaConnection]:
        return self.check.users

    @property
    def raw_topic(self) -> str:
        return str(self.site.models[0]["topic"])

    def right(self, role: UserRole, text: str) -> Right:
        return next(right for right in rights_of(role, self.site.policy, APP_ID) if str(right) == text)


class Decisions:
    """Decisions that are sent from now on, and which of them are published.

    Args:
        stage: Where they are sent.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._events = simulate_loans(7, Timeline(_START_MS, 0.01), DriftSchedule())
        self._begins = {partition: len(log) for partition, log in self._raw().items()}

    def send(self, n: int) -> None:
        """Send some more, as the user who may do that; a broker that has just started is waited for."""
        destination = Destination(self._stage.users["producer"], self._stage.raw_topic)
        until(lambda: _is_answered(destination))
        publish(islice(self._events, n), destination)

    def are_published(self) -> bool:
        """Return whether exactly those that were sent are published, each once and in order."""
        sent = {p: list(range(self._begins.get(p, 0), len(log))) for p, log in self._raw().items()}
        sources = read_sources(self._stage.kafka.operator, self._stage.site.models[0]["output_topic"])
        return {p: [o for o in offsets if o >= self._begins.get(p, 0)] for p, offsets in sources.items()} == sent

    def _raw(self) -> dict[int, list[Any]]:
        return dict(read_raw(self._stage.kafka.operator, self._stage.raw_topic))


@contextmanager
def open_stage(kafka: SecuredKafka, folder: Path) -> Iterator[Stage]:
    """Make an installation with its users; afterwards the broker has no topic and no right any more."""
    yield Stage(SecureCheck(kafka, folder, APP_ID, 4_000, print))
    admin = KafkaAdminClient(bootstrap_servers=[kafka.operator])
    try:
        if topics := [topic for topic in admin.list_topics() if not topic.startswith("__")]:
            admin.delete_topics(topics)
        anything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
        admin.delete_acls([ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, anything)])
    finally:
        admin.close()


def _is_answered(destination: Destination) -> bool:
    """Return whether a broker answers and knows the topic; nothing is sent."""
    try:
        publish([], destination)
    except (BrokerUnavailableError, TopicError):
        return False
    return True


def until(condition: Callable[[], Any], *, timeout_s: float = WAIT_S) -> Any:
    """Poll until something is true, and return it: rights reach a broker a moment after they were granted."""
    deadline_s = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    return value
