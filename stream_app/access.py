"""The least access rights in Kafka of each role of users, from the declared topics and the policy.

Pure: ``stream_app.edges.kafka.rights`` asks a broker which of them a user has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, get_args

import msgspec

from stream_app.errors import ConfigError
from stream_app.policy import Policy
from stream_app.strimzi import DEFAULT_CLUSTER, as_yaml, is_resource_name, resource_head
from stream_app.topics import TopicSpec, UserRole, declared_topics

ROLES: tuple[UserRole, ...] = get_args(UserRole)
ResourceKind = Literal["topic", "group", "transactional id", "cluster"]
Operation = Literal["READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS"]
Pattern = Literal["literal", "prefixed"]

Format = Literal["kafka-acls", "strimzi", "confluent"]
FORMATS: tuple[Format, ...] = get_args(Format)

# The words of each format for the kinds of resources.
_KAFKA_OPTIONS = {"topic": "--topic", "group": "--group", "transactional id": "--transactional-id"}
_STRIMZI_TYPES = {"topic": "topic", "group": "group", "transactional id": "transactionalId", "cluster": "cluster"}
_CAMEL = {"READ": "Read", "WRITE": "Write", "DESCRIBE": "Describe", "DESCRIBE_CONFIGS": "DescribeConfigs"}
_CLUSTER = "kafka-cluster"


class Right(msgspec.Struct, frozen=True):
    """One operation on one resource, or on those whose names begin so.

    Attributes:
        operation: In Kafka's words; ``READ`` and ``WRITE`` include ``DESCRIBE``.
        kind: Kind of the resource.
        name: Name of the resource, or its beginning.
        pattern: ``literal`` or ``prefixed``.
    """

    operation: Operation
    kind: ResourceKind
    name: str
    pattern: Pattern = "literal"

    def __str__(self) -> str:
        name = "" if self.kind == "cluster" else f" {self.name}" + ("*" if self.pattern == "prefixed" else "")
        return f"{self.operation} on {'the ' if self.kind == 'cluster' else ''}{self.kind}{name}"


def rights_of(role: UserRole, policy: Policy, app_id: str) -> tuple[Right, ...]:
    """Return what a user in a role needs, and nothing that another of these rights includes.

    Args:
        role: ``worker`` runs workers; ``producer`` writes raw topics; ``auditor`` reads results and replays, and
            exports records if the policy permits it; ``web`` reads what its pages show or count.
        policy: What is monitored.
        app_id: Consumer group; prefix of changelog topics and transactional ids.

    >>> from stream_app.policy import load_policy
    >>> [str(right) for right in rights_of("producer", load_policy("loans"), "fairstream")]
    ['WRITE on topic loan-decisions-raw']
    >>> [right.name for right in rights_of("web", load_policy("loans"), "fairstream")]
    ['dead-letters', 'late-decisions', 'fairness-results', 'fairness-alerts', 'fairness-policies']
    """
    specs = declared_topics(policy, app_id)
    rights = [right for spec in specs for right in _rights_on(spec, role)]
    if role == "worker":
        rights.append(Right("READ", "group", app_id))
        rights += [Right("WRITE", "transactional id", name, pattern) for name, pattern in _transactions(specs, app_id)]
    return tuple(rights)


def _rights_on(spec: TopicSpec, role: UserRole) -> Iterator[Right]:
    is_reader, is_writer = role in spec.readers, role in spec.writers
    if is_reader:
        yield Right("READ", "topic", spec.name)
    if is_writer:
        yield Right("WRITE", "topic", spec.name)
    if role == "worker" and spec.for_worker and not (is_reader or is_writer):
        yield Right("DESCRIBE", "topic", spec.name)  # it checks at its start that every topic is there
    if spec.role == "audit" and is_writer:
        yield Right("DESCRIBE_CONFIGS", "topic", spec.name)  # entries must not be compacted away or expire


def _transactions(specs: Iterable[TopicSpec], app_id: str) -> Iterator[tuple[str, Pattern]]:
    """Yield the transactional ids of a worker: one for each partition that it reads with a lane, and the registry's."""
    for spec in specs:
        if "worker" in spec.readers and spec.config["cleanup.policy"] == "delete":
            yield f"{app_id}-{spec.name}-", "prefixed"
    yield f"{app_id}-policies", "literal"


def default_principal(role: UserRole) -> str:
    """Return the user that a role has if nothing else is said.

    >>> default_principal("worker")
    'User:fairstream-worker'
    """
    return f"User:fairstream-{role}"


def format_rights(rights: Iterable[Right], principal: str, form: Format, cluster: str = DEFAULT_CLUSTER) -> str:
    """Return the commands or the resource that grant rights to a user.

    Args:
        rights: What is granted.
        principal: The user, ``User:NAME``.
        form: ``kafka-acls``: commands of Apache Kafka; ``confluent``: commands of the Confluent CLI; ``strimzi``: the
            ``KafkaUser`` resource of the Strimzi operator.
        cluster: Name of the ``Kafka`` resource of Strimzi.

    Raises:
        ConfigError: Strimzi cannot have a user of this name.

    >>> print(format_rights([Right("READ", "topic", "a b")], "User:x", "kafka-acls"))
    kafka-acls.sh --bootstrap-server "$KAFKA" --command-config admin.properties --add --allow-principal 'User:x' \
--operation READ --topic 'a b' --resource-pattern-type literal
    """
    if form == "strimzi":
        return _strimzi_user(rights, principal, cluster)
    return "\n".join((_kafka_command if form == "kafka-acls" else _confluent_command)(r, principal) for r in rights)


def _kafka_command(right: Right, principal: str) -> str:
    resource = "--cluster" if right.kind == "cluster" else f"{_KAFKA_OPTIONS[right.kind]} {_quoted(right.name)}"
    return (
        'kafka-acls.sh --bootstrap-server "$KAFKA" --command-config admin.properties --add '
        f"--allow-principal {_quoted(principal)} --operation {right.operation} {resource} "
        f"--resource-pattern-type {right.pattern}"
    )


def _confluent_command(right: Right, principal: str) -> str:
    options = _KAFKA_OPTIONS | {"cluster": "--cluster-scope"}
    resource = options[right.kind] + ("" if right.kind == "cluster" else f" {_quoted(right.name)}")
    return (
        f"confluent kafka acl create --allow --principal {_quoted(principal)} "
        f"--operations {right.operation.lower().replace('_', '-')} {resource}"
        + (" --prefix" if right.pattern == "prefixed" else "")
    )


def _strimzi_user(rights: Iterable[Right], principal: str, cluster: str) -> str:
    name = principal.removeprefix("User:")
    if not is_resource_name(name):
        raise ConfigError(
            f"A KafkaUser of Strimzi cannot have the name {name!r}",
            action="Name one in lower case, with digits, dots and dashes: --principal User:NAME",
        )
    lines = [
        *resource_head("KafkaUser", name, cluster),
        "spec:",
        "  authentication:",
        "    type: scram-sha-512",
        "  authorization:",
        "    type: simple",
        "    acls:",
    ]
    for right in rights:
        lines += ["      - resource:", f"          type: {_STRIMZI_TYPES[right.kind]}"]
        if right.kind != "cluster":
            pattern = "prefix" if right.pattern == "prefixed" else "literal"
            lines += [f"          name: {as_yaml(right.name)}", f"          patternType: {pattern}"]
        lines += ["        operations:", f"          - {_CAMEL[right.operation]}", '        host: "*"']
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """Return a word of a shell; names of topics and ids need no more, and no other name is let through."""
    return "'" + text.replace("'", "'\\''") + "'"
