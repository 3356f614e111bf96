"""Users with the generated rights, and the settings with which they connect."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)

from stream_app.access import ROLES, Right, default_principal, rights_of
from stream_app.connection.handshake import find_fault
from stream_app.connection.kafka_connection import KafkaConnection, KafkaSecurity
from stream_app.policy import Policy
from stream_app.topics import UserRole
from tests.support.servers.secured.kafka import SecuredKafka

_WAIT_S = 240.0
_KINDS = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional id": ResourceType.TRANSACTIONAL_ID,
    "cluster": ResourceType.CLUSTER,
}


def password_of(role: str) -> str:
    return f"secret-of-{role}"


def connection_of(
    kafka: SecuredKafka, user: str, mechanism: str = "SCRAM-SHA-512", listener: str = "SECURE"
) -> KafkaConnection:
    """Return how a SCRAM user connects."""
    security = KafkaSecurity(
        ssl_ca_file=str(kafka.authority.path),
        sasl_mechanism=mechanism,  # type: ignore[arg-type]  # one of them
        sasl_username=user,
        sasl_password_file=kafka.password_file(user, password_of(user)),
    )
    return KafkaConnection(kafka.address(listener), security)


def open_users(kafka: SecuredKafka, policy: Policy, app_id: str) -> dict[UserRole, KafkaConnection]:
    """Create one user for each role, with exactly its rights; return how each connects."""
    connections: dict[UserRole, KafkaConnection] = {}
    for role in ROLES:
        user = default_principal(role).removeprefix("User:")
        kafka.set_password(user, password_of(user))
        grant(kafka, f"User:{user}", rights_of(role, policy, app_id))
        connections[role] = connection_of(kafka, user)
    for connection in connections.values():
        wait_until_accepted(connection)
    return connections


def wait_until_accepted(connection: KafkaConnection) -> None:
    """Wait until the broker knows a new password."""
    deadline_s = time.monotonic() + _WAIT_S
    while (fault := find_fault(connection)) is not None:
        assert time.monotonic() < deadline_s, fault
        time.sleep(0.1)


def grant(kafka: SecuredKafka, principal: str, rights: Iterable[Right]) -> None:
    """Add rights, as an operator does."""
    with _operator(kafka) as admin:
        acls = [_acl(principal, right) for right in rights]
        answer = admin.create_acls(acls)
        assert not answer["failed"], answer


@contextmanager
def without(kafka: SecuredKafka, principal: str, right: Right) -> Iterator[None]:
    """Take one right away until the block ends."""
    with _operator(kafka) as admin:
        acl = _acl(principal, right)
        pattern = ResourcePatternFilter(
            acl.resource_pattern.resource_type, right.name, acl.resource_pattern.pattern_type
        )
        admin.delete_acls([ACLFilter(principal, "*", acl.operation, ACLPermissionType.ALLOW, pattern)])
        try:
            yield
        finally:
            admin.create_acls([acl])


def _acl(principal: str, right: Right) -> Any:
    pattern = ACLResourcePatternType.PREFIXED if right.pattern == "prefixed" else ACLResourcePatternType.LITERAL
    name = "kafka-cluster" if right.kind == "cluster" else right.name
    resource = ResourcePattern(_KINDS[right.kind], name, pattern)
    return ACL(principal, "*", ACLOperation[right.operation], ACLPermissionType.ALLOW, resource)


@contextmanager
def _operator(kafka: SecuredKafka) -> Iterator[Any]:
    admin = KafkaAdminClient(bootstrap_servers=[kafka.operator])
    try:
        yield admin
    finally:
        admin.close()
