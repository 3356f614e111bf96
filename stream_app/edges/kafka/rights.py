"""Asks a broker which access rights this user has, and who else may write to the topics of FairStream."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from kafka import KafkaAdminClient
from kafka.admin import ACLFilter, ACLOperation, ACLPermissionType, ACLResourcePatternType, ResourceType
from kafka.admin import ResourcePatternFilter as Resources
from kafka.errors import (
    AuthorizationError,
    BrokerResponseError,
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    NotCoordinatorError,
    SecurityDisabledError,
    for_code,
)

from stream_app.access import Right
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.admin import connected
from stream_app.errors import access_denied
from stream_app.topics import TopicSpec, UserRole

_WRITES = (ACLOperation.WRITE, ACLOperation.ALL)
_STARTING = (CoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorError)
_NO_ANSWER = (BrokerResponseError, ValueError)  # the latter by kafka-python, from a broker that says nothing
_COORDINATOR_S, _POLL_S = 20.0, 0.2
_MAX_NAMED = 5
T = TypeVar("T")
_SAMPLE = "0"  # completes the beginning of a transactional id to one that a worker would use


def missing_rights(kafka: AnyKafka, rights: Iterable[Right]) -> list[Right]:
    """Return those rights that the broker does not give to this user, in their order.

    A broker reports to a user its own rights on topics and groups (KIP-430), but not on transactional ids:
    ``DESCRIBE``, which ``WRITE`` includes, is tried instead. Topics that do not exist are passed over.

    Raises:
        BrokerUnavailableError: no broker answers.
    """
    rights = list(rights)
    with connected(kafka) as admin:
        topics = _topic_operations(admin, {right.name for right in rights if right.kind == "topic"})
        return [right for right in rights if not _has(admin, right, topics)]


def check_rights(kafka: AnyKafka, rights: Iterable[Right]) -> None:
    """Check that this user has these rights.

    Raises:
        AccessDeniedError: names the operations and resources that are denied, the first five of them.
        BrokerUnavailableError: no broker answers.
    """
    if missing := missing_rights(kafka, rights):
        more = f"; and {len(missing) - _MAX_NAMED} more" if len(missing) > _MAX_NAMED else ""
        raise access_denied("; ".join(map(str, missing[:_MAX_NAMED])) + more)


def _has(admin: KafkaAdminClient, right: Right, topics: Mapping[str, Collection[str] | None]) -> bool:
    if right.kind == "topic":
        operations = topics.get(right.name)
        return operations is None or right.operation in operations
    if right.kind == "group":
        return _may_use_group(admin, right)
    if right.kind == "transactional id":
        return _may_use_transactional_id(admin, right.name + (_SAMPLE if right.pattern == "prefixed" else ""))
    return True


def _topic_operations(admin: KafkaAdminClient, names: Collection[str]) -> dict[str, Collection[str] | None]:
    """Return what this user may do on each topic; None for a topic that does not exist, or where nobody says."""
    described: list[dict[str, Any]] = admin.describe_topics(sorted(names)) if names else []
    operations: dict[str, Collection[str] | None] = {}
    for topic in described:
        error = for_code(topic["error_code"])
        if issubclass(error, AuthorizationError):
            operations[topic["name"]] = ()
        elif not topic["error_code"]:
            operations[topic["name"]] = topic.get("authorized_operations") or None
    return operations


def _may_use_group(admin: KafkaAdminClient, right: Right) -> bool:
    described = _ask(lambda: admin.describe_groups([right.name])[right.name])
    if described is None:
        return False
    if described.get("error"):
        return GroupAuthorizationFailedError.__name__ not in described["error"]
    operations = described.get("authorized_operations")
    return not operations or right.operation in operations


def _may_use_transactional_id(admin: KafkaAdminClient, name: str) -> bool:
    return _ask(lambda: admin.describe_transactions([name])) is not None


def _ask(request: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """Return the answer of a coordinator; None if it denies it, and nothing if it has no answer.

    A transactional id that is not in use has no answer; neither has a broker that is older than the request.
    """
    try:
        return ask_coordinator(request)
    except AuthorizationError:
        return None
    except _NO_ANSWER:
        return {}


def ask_coordinator(request: Callable[[], T]) -> T:
    """Return the answer of a coordinator; one that has just started is waited for."""
    deadline_s = time.monotonic() + _COORDINATOR_S
    while True:
        try:
            return request()
        except _STARTING:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(_POLL_S)


def foreign_writers(
    kafka: AnyKafka, specs: Iterable[TopicSpec], principals: Mapping[UserRole, Collection[str]]
) -> list[str]:
    """Return who may write to topics of FairStream besides the users whose role includes it, one line each.

    Superusers are not listed by a broker, and are not seen here.

    Args:
        kafka: The connection; its user needs ``DESCRIBE`` on the cluster.
        specs: The topics.
        principals: Users of each role, ``User:NAME``.

    Raises:
        AccessDeniedError: this user may not list access rights.
        BrokerUnavailableError: no broker answers.
    """
    internal = [spec for spec in specs if spec.owner == "fairstream"]
    with connected(kafka, "DESCRIBE on the cluster") as admin:
        try:
            return [line for spec in internal for line in _foreign_on(admin, spec, principals)]
        except SecurityDisabledError:
            return ["every client may write to every topic: the broker has no authorizer"]


def _foreign_on(
    admin: KafkaAdminClient, spec: TopicSpec, principals: Mapping[UserRole, Collection[str]]
) -> Iterator[str]:
    known = {principal for role in spec.writers for principal in principals.get(role, ())}
    pattern = Resources(ResourceType.TOPIC, spec.name, ACLResourcePatternType.MATCH)
    acls, _ = admin.describe_acls(ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ALLOW, pattern))
    for acl in sorted(acls, key=lambda acl: str(acl.principal)):
        if acl.operation in _WRITES and acl.principal not in known:
            granted = acl.resource_pattern
            name = f"{granted.resource_name}{'*' if granted.pattern_type == ACLResourcePatternType.PREFIXED else ''}"
            yield f"{acl.principal} may write to {spec.name} ({acl.operation.name} on topic {name})"
