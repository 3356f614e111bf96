"""The topic of the audit on a real broker: entries are in it for good, or there is an error before anything else."""

from __future__ import annotations

import socket
from collections.abc import Callable

import msgspec
import pytest

from stream_app.edges.kafka.admin import create_topics
from stream_app.edges.kafka.audit_topic import AuditTopic
from stream_app.errors import BrokerUnavailableError, TopicError
from stream_app.policy import SHIPPED, parse_policy
from stream_app.topics import FAIRNESS_AUDIT, TopicSpec, declared_topics
from tests.programs.chaos.logs import read_topic


@pytest.fixture
def spec(fresh_name: Callable[[str], str]) -> TopicSpec:
    """Return the declaration under a name that nobody else has."""
    text = (SHIPPED / "loans.toml").read_text("utf-8") + '\n[models.privacy]\nexportable_records = "raw"\n'
    declared = next(own for own in declared_topics(parse_policy(text), "app") if own.name == FAIRNESS_AUDIT)
    return msgspec.structs.replace(declared, name=fresh_name("audit"))


def test_entries_are_readable_in_their_order_when_append_returns(kafka: str, spec: TopicSpec) -> None:
    create_topics(kafka, [spec])
    with AuditTopic(kafka, spec, key="loans") as audit:
        for number in range(3):
            audit.append(b'{"number":%d}' % number)
            found = [(own.key(), own.value()) for own in read_topic(kafka, spec.name)]
            assert found[-1] == (b"loans", b'{"number":%d}' % number)
            assert len(found) == number + 1


def test_without_the_topic_there_is_no_audit(kafka: str, spec: TopicSpec) -> None:
    with pytest.raises(TopicError, match=rf"Missing topics: {spec.name}\. Run: fairstream topics create"):
        AuditTopic(kafka, spec, key="loans")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("cleanup.policy", "compact"), ("retention.ms", "60000"), ("message.timestamp.type", "CreateTime")],
)
def test_a_topic_that_could_lose_or_misdate_entries_is_none(
    kafka: str, spec: TopicSpec, setting: str, value: str
) -> None:
    create_topics(kafka, [msgspec.structs.replace(spec, config=spec.config | {setting: value})])
    with pytest.raises(TopicError, match=rf"{setting} {value}, declared"):
        AuditTopic(kafka, spec, key="loans")


def test_an_entry_that_the_broker_refuses_is_an_error(kafka: str, spec: TopicSpec) -> None:
    create_topics(kafka, [spec])
    too_long = b"x" * 1_100_000
    with AuditTopic(kafka, spec, key="loans") as audit, pytest.raises(BrokerUnavailableError, match="audit topic"):
        audit.append(too_long)
    assert list(read_topic(kafka, spec.name)) == []


def test_a_broker_that_does_not_answer_is_an_error(spec: TopicSpec) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        with pytest.raises(BrokerUnavailableError):
            AuditTopic(f"127.0.0.1:{mute.getsockname()[1]}", spec, key="loans")
