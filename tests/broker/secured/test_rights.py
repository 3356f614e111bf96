"""Each role has its rights, each right that is taken away is named, and others that may write are reported."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable

import pytest

from producers.event import Event
from producers.publish import Destination, publish
from stream_app.access import ROLES, Right, default_principal, rights_of
from stream_app.connection.kafka_connection import KafkaConnection
from stream_app.edges.kafka.audit_topic import AuditTopic
from stream_app.edges.kafka.readers.judge_records import read_records
from stream_app.edges.kafka.readers.live_results import open_alerts, open_results
from stream_app.edges.kafka.rights import check_rights, foreign_writers, missing_rights
from stream_app.edges.lanes.policy_registry import PolicyRegistry
from stream_app.errors import AccessDeniedError
from stream_app.topics import FAIRNESS_AUDIT, FAIRNESS_RESULTS, UserRole, declared_topics
from tests.support.servers.secured.stage import APP_ID, Stage, until
from tests.support.servers.secured.users import grant, without

pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_its_rights_and_each_that_is_taken_away_is_named(role: UserRole, stage: Stage) -> None:
    connection, rights = stage.users[role], rights_of(role, stage.site.policy, APP_ID)
    check_rights(connection, rights)
    for right in rights:
        with without(stage.kafka, default_principal(role), right):
            until(lambda right=right: missing_rights(connection, rights) == [right])  # type: ignore[misc]  # bound now
    until(lambda: missing_rights(connection, rights) == [])


def send(stage: Stage, connection: KafkaConnection) -> None:
    topic = stage.raw_topic
    publish([Event(key=b"k", value=b"{}", time_ms=0)], Destination(connection, topic))


def read(_: Stage, connection: KafkaConnection, topic: str) -> None:
    list(read_records(connection, topic))


def append(stage: Stage, connection: KafkaConnection) -> None:
    spec = next(spec for spec in declared_topics(stage.site.policy, APP_ID) if spec.name == FAIRNESS_AUDIT)
    with AuditTopic(connection, spec, key="test") as audit:
        audit.append(b"{}")


def register(stage: Stage, connection: KafkaConnection) -> None:
    async def run() -> None:
        await PolicyRegistry(connection, APP_ID).register(stage.site.policy.models)

    asyncio.run(run())


OPERATIONS: dict[str, tuple[UserRole, Callable[[Stage, KafkaConnection], object]]] = {
    "WRITE on topic secured-loan-decisions-raw": ("producer", send),
    "READ on topic fairness-results": ("web", lambda _, c: list(open_results(c).read_to_end())),
    "READ on topic fairness-alerts": ("web", lambda _, c: list(open_alerts(c).read_to_end())),
    "READ on topic secured-loan-decisions-raw": ("auditor", lambda s, c: read(s, c, "secured-loan-decisions-raw")),
    "READ on topic fairness-journal": ("auditor", lambda s, c: read(s, c, "fairness-journal")),
    "WRITE on topic fairness-audit": ("auditor", append),
    "DESCRIBE_CONFIGS on topic fairness-audit": ("auditor", append),
    "WRITE on transactional id secured-policies": ("worker", register),
}


@pytest.mark.parametrize("text", OPERATIONS)
def test_an_operation_that_is_denied_says_which_and_on_what(text: str, stage: Stage) -> None:
    role, operate = OPERATIONS[text]
    right = stage.right(role, text)
    until(lambda: missing_rights(stage.users[role], [right]) == [])
    operate(stage, stage.users[role])
    with without(stage.kafka, default_principal(role), right):
        until(lambda: missing_rights(stage.users[role], [right]) == [right])
        with pytest.raises(AccessDeniedError, match=re.escape(text)):
            check_rights(stage.users[role], [right])
        with pytest.raises(AccessDeniedError) as error:
            operate(stage, stage.users[role])
    kind = text.split(" on ")[1]
    assert kind in str(error.value), error.value
    assert "fairstream topics acls" in error.value.action


def test_somebody_else_who_may_write_to_a_topic_of_fairstream_is_reported(stage: Stage) -> None:
    specs = declared_topics(stage.site.policy, APP_ID)
    users = {role: [default_principal(role)] for role in ROLES}
    assert foreign_writers(stage.kafka.operator, specs, users) == []
    with pytest.raises(AccessDeniedError, match="DESCRIBE on the cluster"):
        foreign_writers(stage.users["worker"], specs, users)
    grants = [Right("WRITE", "topic", FAIRNESS_RESULTS), Right("WRITE", "topic", "fairness-a", "prefixed")]
    for right in grants:
        grant(stage.kafka, "User:mallory", [right])
    found = until(lambda: foreign_writers(stage.kafka.operator, specs, users))
    assert found == [
        "User:mallory may write to fairness-results (WRITE on topic fairness-results)",
        "User:mallory may write to fairness-alerts (WRITE on topic fairness-a*)",
        "User:mallory may write to fairness-audit (WRITE on topic fairness-a*)",
    ]
    named = users | {"worker": [*users["worker"], "User:mallory"], "auditor": [*users["auditor"], "User:mallory"]}
    assert foreign_writers(stage.kafka.operator, specs, named) == []


def test_doctor_names_the_right_that_a_role_lacks_and_who_else_may_write(stage: Stage) -> None:
    """After the test above: rights that it gives would be seen there."""
    right = stage.right("web", "READ on topic fairness-results")
    with without(stage.kafka, default_principal("web"), right):
        until(lambda: missing_rights(stage.users["web"], [right]) == [right])
        denied = stage.check.command("web", "doctor", "--role", "web", "--json")
    grant(stage.kafka, "User:eve", [Right("WRITE", "topic", FAIRNESS_RESULTS)])
    eve = "User:eve may write to fairness-results (WRITE on topic fairness-results)"
    found = until(lambda: [done for done in [stage.site.command("doctor", "--json")] if eve in done.stdout])[0]

    assert denied.returncode == 2
    parts = {finding["part"]: finding for finding in map(json.loads, denied.stdout.splitlines())}
    assert (parts["broker"]["is_there"], parts["rights"]["is_wrong"]) == (True, True)
    assert parts["rights"]["found"] == "denied: READ on topic fairness-results"
    assert "topics acls --role web" in parts["rights"]["how_to_get"]
    assert parts["writers"]["found"].startswith("not known: Kafka denies DESCRIBE on the cluster")
    writers = [one for one in map(json.loads, found.stdout.splitlines()) if one["part"] == "writers"]
    assert eve in [one["found"] for one in writers]
    assert all(one["is_wrong"] for one in writers)
