"""What the resources of the Strimzi operator have in common, and the ``KafkaTopic`` of a declared topic.

Version v1 of its API: Strimzi 0.49 and later.
"""

from __future__ import annotations

import re
import zlib

import msgspec

from stream_app.topics import TopicSpec

API_VERSION = "kafka.strimzi.io/v1"
DEFAULT_CLUSTER = "my-cluster"  # the name in all examples of Strimzi

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def kafka_topic(spec: TopicSpec, cluster: str) -> str:
    """Return the ``KafkaTopic`` of a topic as YAML, without a line break at its end.

    The number of replicas is that of the brokers' ``default.replication.factor``.

    Args:
        spec: The topic.
        cluster: Name of the ``Kafka`` resource.
    """
    lines = [*resource_head("KafkaTopic", resource_name(spec.name), cluster), "spec:"]
    if resource_name(spec.name) != spec.name:
        lines.append(f"  topicName: {as_yaml(spec.name)}")
    lines += [f"  partitions: {spec.partitions}", "  config:"]
    lines += [f"    {name}: {as_yaml(value)}" for name, value in spec.config.items()]
    return "\n".join(lines)


def resource_head(kind: str, name: str, cluster: str) -> list[str]:
    """Return the lines of a resource before its specification."""
    return [
        f"apiVersion: {API_VERSION}",
        f"kind: {kind}",
        "metadata:",
        f"  name: {as_yaml(name)}",
        "  labels:",
        f"    strimzi.io/cluster: {as_yaml(cluster)}",
    ]


def is_resource_name(name: str) -> bool:
    """Return whether Kubernetes allows a name.

    >>> is_resource_name("loan-decisions.raw"), is_resource_name("Loans_raw")
    (True, False)
    """
    return len(name) <= 253 and _NAME.fullmatch(name) is not None  # noqa: PLR2004  # the limit of Kubernetes


def resource_name(topic: str) -> str:
    """Return a topic's name if Kubernetes allows it, else a similar one that no other topic has.

    >>> resource_name("loan-decisions-raw"), resource_name("Loan_decisions")
    ('loan-decisions-raw', 'loan-decisions-efbaee55')
    """
    if is_resource_name(topic):
        return topic
    similar = re.sub("[^a-z0-9.-]", "-", topic.lower()).strip("-.")[:240]
    return f"{similar or 'topic'}-{zlib.crc32(topic.encode()):08x}"


def as_yaml(text: str) -> str:
    """Return a text as a quoted scalar of YAML.

    >>> as_yaml("1")
    '"1"'
    """
    return msgspec.json.encode(text).decode()
