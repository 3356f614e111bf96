"""What one deployment has on a broker: topics, its consumer group, transactional ids and access rules; deletes them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
from kafka import KafkaAdminClient
from kafka.admin import (
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import (
    AuthorizationError,
    GroupAuthorizationFailedError,
    GroupIdNotFoundError,
    IncompatibleBrokerVersion,
    NonEmptyGroupError,
    SecurityDisabledError,
    UnknownTopicOrPartitionError,
    UnsupportedVersionError,
    for_code,
)

from stream_app.access import Right
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.admin import connected
from stream_app.edges.kafka.rights import ask_coordinator
from stream_app.errors import ConfigError, TopicError, access_denied, is_denial_name

_RESOURCES = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional id": ResourceType.TRANSACTIONAL_ID,
}
_PATTERNS = {"literal": ACLResourcePatternType.LITERAL, "prefixed": ACLResourcePatternType.PREFIXED}
_IDLE_STATES = ("Empty", "Dead")

T = TypeVar("T")


class AccessRule(msgspec.Struct, frozen=True):
    """An access rule (ACL) of the broker.

    Attributes:
        resource: What it is about; of this only kind, name and pattern count.
        principal: Who has it.
        host: From where.
        permission: ``ALLOW`` or ``DENY``.
        operation: In Kafka's words; also such as FairStream never asks for.
    """

    resource: Right
    principal: str
    host: str
    permission: str
    operation: str

    def __str__(self) -> str:
        mark = "*" if self.resource.pattern == "prefixed" else ""
        where = f"{self.resource.kind} {self.resource.name}{mark}"
        return f"{self.permission} {self.principal} {self.operation} on {where}"


class Deployment:
    """Lists and deletes what belongs to one deployment.

    Every method raises ``AccessDeniedError`` with the missing operation and resource where the broker denies it.

    Args:
        admin: A connected client.
    """

    def __init__(self, admin: KafkaAdminClient) -> None:
        self._admin = admin

    def topics(self) -> set[str]:
        """Return the topics that this user may see."""
        return set(self._admin.list_topics())

    def is_group_in_use(self, group: str) -> bool | None:
        """Return whether a consumer group has members; None where there is no such group."""
        for listed in ask_coordinator(self._admin.list_groups):
            if listed["group_id"] == group:
                return listed.get("group_state", "") not in _IDLE_STATES
        # A broker leaves out what this user may not see, and says so only when it is asked for the group itself.
        try:
            described: dict[str, Any] = ask_coordinator(lambda: self._admin.describe_groups([group]))[group]
        except GroupIdNotFoundError:
            return None
        except AuthorizationError:
            raise access_denied(f"DESCRIBE on group {group}") from None
        if GroupAuthorizationFailedError.__name__ in (described.get("error") or ""):
            raise access_denied(f"DESCRIBE on group {group}")
        return None

    def transactional_ids(self, rights: Iterable[Right]) -> list[str]:
        """Return the transactional ids that the broker remembers and that these rights name.

        Only those are listed on which this user has ``DESCRIBE``. A broker before Kafka 3.0 lists none.
        """
        wanted = [right for right in rights if right.kind == "transactional id"]
        try:
            listed = self._admin.list_transactions()
        except (UnsupportedVersionError, IncompatibleBrokerVersion):
            return []
        ids = {entry.transactional_id for entries in listed.values() for entry in entries}
        return sorted(name for name in ids if any(_is_named(name, right) for right in wanted))

    def rules_on(self, resources: Iterable[Right]) -> list[AccessRule]:
        """Return the access rules whose resource is exactly one of these; none where the broker has no authorizer."""
        rules: set[AccessRule] = set()
        for resource in resources:
            try:
                acls, _ = self._admin.describe_acls(_filter_of(resource))
            except SecurityDisabledError:
                return []
            except AuthorizationError:
                raise access_denied("DESCRIBE on the cluster") from None
            rules |= {
                AccessRule(resource, acl.principal, acl.host, acl.permission_type.name, acl.operation.name)
                for acl in acls
            }
        return sorted(rules, key=str)

    def delete_group(self, group: str) -> None:
        """Delete a consumer group.

        Raises:
            AccessDeniedError: this user may not.
            ConfigError: it has members.
            TopicError: the broker does not delete it.
        """
        rights = f"DELETE on group {group}"
        answer: dict[str, str] = _denied_as(rights, lambda: ask_coordinator(lambda: self._admin.delete_groups([group])))
        for name in answer.values():
            if name == NonEmptyGroupError.__name__:
                raise workers_run(group)
            if is_denial_name(name):
                raise access_denied(rights)
            if name not in ("OK", GroupIdNotFoundError.__name__):
                raise _not_deleted(f"group {group}", name)

    def delete_topic(self, topic: str) -> None:
        """Delete a topic.

        Raises:
            AccessDeniedError: this user may not.
            TopicError: the broker does not delete it.
        """
        for deleted in self._admin.delete_topics([topic], raise_errors=False)["topics"]:
            error = for_code(deleted["error_code"])
            if issubclass(error, AuthorizationError):
                raise access_denied(f"DELETE on topic {topic}")
            if deleted["error_code"] and not issubclass(error, UnknownTopicOrPartitionError):
                raise _not_deleted(f"topic {topic}", error.__name__)

    def delete_rule(self, rule: AccessRule) -> None:
        """Delete an access rule.

        Raises:
            AccessDeniedError: this user may not.
            TopicError: the broker does not delete it.
        """
        wanted = _filter_of(
            rule.resource,
            rule.principal,
            rule.host,
            ACLOperation[rule.operation],
            ACLPermissionType[rule.permission],
        )
        rights = "ALTER on the cluster"
        for _, _, error in _denied_as(rights, lambda: self._admin.delete_acls([wanted])):
            if issubclass(error, AuthorizationError):
                raise access_denied(rights)
            if error.errno:
                raise _not_deleted(f"access right {rule}", error.__name__)


@contextmanager
def open_deployment(kafka: AnyKafka) -> Iterator[Deployment]:
    """Connect for a few requests.

    Raises:
        BrokerUnavailableError: no broker answers.
    """
    with connected(kafka, "DESCRIBE on the cluster") as admin:
        yield Deployment(admin)


def workers_run(group: str) -> ConfigError:
    """Return the error for a deployment that still has workers."""
    return ConfigError(f"Workers of {group!r} are running", action="Stop all of them first; nothing was deleted")


def exact_resources(topics: Collection[str], rights: Iterable[Right]) -> list[Right]:
    """Return the resources of a deployment: these topics, and the group and transactional ids of its rights.

    >>> exact_resources(["t"], [Right("READ", "topic", "raw"), Right("READ", "group", "fs")])
    [Right(operation='READ', kind='topic', name='t', pattern='literal'), \
Right(operation='READ', kind='group', name='fs', pattern='literal')]
    """
    return [
        *(Right("READ", "topic", topic) for topic in topics),
        *(right for right in rights if right.kind in ("group", "transactional id")),
    ]


def _is_named(name: str, right: Right) -> bool:
    return name.startswith(right.name) if right.pattern == "prefixed" else name == right.name


def _filter_of(
    resource: Right,
    principal: str | None = None,
    host: str | None = None,
    operation: ACLOperation = ACLOperation.ANY,
    permission: ACLPermissionType = ACLPermissionType.ANY,
) -> Any:
    pattern = ResourcePatternFilter(_RESOURCES[resource.kind], resource.name, _PATTERNS[resource.pattern])
    return ACLFilter(principal, host, operation, permission, pattern)


def _denied_as(rights: str, request: Callable[[], T]) -> T:
    try:
        return request()
    except AuthorizationError:
        raise access_denied(rights) from None


def _not_deleted(what: str, name: str) -> TopicError:
    return TopicError(f"Kafka does not delete {what} ({name})", action="Ask the operators of this Kafka")
