"""Creates topics and compares them with their declaration, through kafka-python's admin client."""

from __future__ import annotations

import socket
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import msgspec
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import (
    AuthorizationError,
    KafkaError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)

from stream_app.connection.failures import unavailable
from stream_app.connection.for_kafka_python import kafka_python_options
from stream_app.connection.kafka_connection import AnyKafka, as_connection
from stream_app.errors import (
    BrokerUnavailableError,
    ConnectionRejectedError,
    FairStreamError,
    TopicError,
    access_denied,
    no_broker_answers,
)
from stream_app.topics import TopicSpec

_CONNECT_MS = 5_000
_REQUEST_MS = 20_000
_POLL_S = 0.2
_PROBE_S = 1.0
_DENIED: int = TopicAuthorizationFailedError.errno


class TopicReport(msgspec.Struct, frozen=True, kw_only=True):
    """A topic of the broker compared with its declaration.

    Attributes:
        name: Its name.
        state: ``created`` or ``grown`` by this call, ``existing`` as declared, ``differing`` from it, or ``missing``.
        differences: One line for each difference, declared value last.
        is_mistake: Whether FairStream cannot work like this; other differences in a customer's topic are only reported.
        is_short: Whether all that is wrong is that it needs more partitions, which ``create_topics`` adds.
    """

    name: str
    state: Literal["created", "grown", "existing", "differing", "missing"]
    differences: tuple[str, ...] = ()
    is_mistake: bool = False
    is_short: bool = False


def is_broker_reachable(kafka: AnyKafka) -> bool:
    """Return whether a Kafka broker answers within a few seconds, even if it does not accept this client."""
    fault = find_broker_fault(kafka)
    return not isinstance(fault, BrokerUnavailableError) or isinstance(fault, ConnectionRejectedError)


def find_broker_fault(kafka: AnyKafka) -> FairStreamError | None:
    """Return why no broker can be used, at once where nothing listens; None where one accepts this client."""
    connection = as_connection(kafka)
    if all(map(_is_refused, connection.addresses)):
        return no_broker_answers(connection.servers, ConnectionRefusedError())
    try:
        with connected(kafka):
            return None
    except FairStreamError as error:
        return error


def _is_refused(address: str) -> bool:
    host, _, port = address.strip().rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PROBE_S).close()
    except ConnectionRefusedError:
        return True
    except (OSError, ValueError):  # the client says what is wrong
        return False
    return False


def count_existing(kafka: AnyKafka, names: Iterable[str]) -> dict[str, int]:
    """Return the number of partitions of those of the topics that exist.

    Raises:
        AccessDeniedError: this user may not see a topic.
        BrokerUnavailableError: no broker answers.
    """
    with connected(kafka) as admin:
        return _count_partitions(admin, list(names))


def create_topics(kafka: AnyKafka, specs: Sequence[TopicSpec]) -> list[TopicReport]:
    """Create the topics that are missing, and add partitions where the raw topic has more.

    Returns:
        One report for each declared topic, in order.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: the broker does not allow it.
    """
    with connected(kafka) as admin:
        grown = _grow(admin, specs)
        reports = _compare(admin, specs)
        missing = {report.name for report in reports if report.state == "missing"}
        for spec in specs:
            if spec.name in missing:
                _create(admin, spec)
        if missing:
            admin.wait_for_topics(sorted(missing))
    return [_after(report, missing, grown) for report in reports]


def grow_topics(kafka: AnyKafka, specs: Sequence[TopicSpec]) -> list[str]:
    """Add partitions to those topics that need as many as the raw topic and have fewer; return their names.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: the broker does not allow it.
    """
    with connected(kafka) as admin:
        return sorted(_grow(admin, specs))


def compare_topics(kafka: AnyKafka, specs: Sequence[TopicSpec]) -> list[TopicReport]:
    """Compare the topics of a broker with their declaration.

    Raises:
        BrokerUnavailableError: no broker answers.
    """
    with connected(kafka) as admin:
        return _compare(admin, specs)


def check_topics(kafka: AnyKafka, specs: Sequence[TopicSpec]) -> None:
    """Raise an error when a topic is missing or differs from its declaration.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: with each topic and what is wrong with it.
    """
    reject_mistakes(compare_topics(kafka, specs))


def reject_mistakes(reports: Iterable[TopicReport]) -> None:
    """Raise an error when any report is a mistake.

    Raises:
        TopicError: with each topic and what is wrong with it.
    """
    mistakes = [report for report in reports if report.is_mistake]
    missing = ", ".join(report.name for report in mistakes if report.state == "missing")
    differing = "; ".join(
        f"{report.name}: {', '.join(report.differences)}" for report in mistakes if report.differences
    )
    if mistakes:
        what = ". ".join(filter(None, [missing and f"Missing topics: {missing}", differing and f"Topics {differing}"]))
        is_mended = missing or all(report.is_short for report in mistakes)
        action = "Run: fairstream topics create" if is_mended else "Change the topic's settings, or give another app_id"
        raise TopicError(what, action=action)


@contextmanager
def connected(kafka: AnyKafka, rights: str = "DESCRIBE on its topics") -> Iterator[KafkaAdminClient]:
    """Connect for a few requests; ``rights`` says which ones it is for, if they are denied."""
    try:
        admin = KafkaAdminClient(
            **kafka_python_options(kafka),
            bootstrap_timeout_ms=_CONNECT_MS,
            request_timeout_ms=_REQUEST_MS,
            client_id="fairstream-admin",
        )
        try:
            yield admin
        finally:
            admin.close()
    except (KafkaError, OSError) as error:
        raise unavailable(kafka, error, rights=rights) from None


def _count_partitions(admin: KafkaAdminClient, names: list[str]) -> dict[str, int]:
    described: list[dict[str, Any]] = admin.describe_topics(names) if names else []
    if denied := sorted(topic["name"] for topic in described if topic["error_code"] == _DENIED):
        raise access_denied(f"DESCRIBE on topic {', '.join(denied)}")
    return {topic["name"]: len(topic["partitions"]) for topic in described if not topic["error_code"]}


def _compare(admin: KafkaAdminClient, specs: Sequence[TopicSpec]) -> list[TopicReport]:
    counts = _count_partitions(admin, [spec.name for spec in specs])
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, spec.name, list(spec.config)) for spec in specs if spec.name in counts
    ]
    described = admin.describe_configs(resources, config_filter="all") if resources else {}
    configs: dict[str, dict[str, dict[str, str]]] = described.get("topic", {})
    return [_report(spec, counts.get(spec.name), configs.get(spec.name, {})) for spec in specs]


def _report(spec: TopicSpec, partitions: int | None, config: dict[str, dict[str, str]]) -> TopicReport:
    if partitions is None:
        return TopicReport(name=spec.name, state="missing", is_mistake=True)
    if not config:
        raise access_denied(f"DESCRIBE_CONFIGS on topic {spec.name}")
    differences = [] if spec.fits(partitions) else [f"partitions {partitions}, declared {spec.partitions}"]
    is_short = spec.is_following and bool(differences)
    for name, declared in spec.config.items():
        value = config[name]["value"]
        if set(value.split(",")) != set(declared.split(",")):  # "compact,delete" is a set
            differences.append(f"{name} {value}, declared {declared}")
    if not differences:
        return TopicReport(name=spec.name, state="existing")
    return TopicReport(
        name=spec.name,
        state="differing",
        differences=tuple(differences),
        is_mistake=spec.owner == "fairstream" or is_short,
        is_short=is_short and len(differences) == 1,
    )


def _after(report: TopicReport, created: Collection[str], grown: Collection[str]) -> TopicReport:
    if report.name in created:
        return TopicReport(name=report.name, state="created")
    if report.name in grown and report.state == "existing":
        return TopicReport(name=report.name, state="grown")
    return report


def _grow(admin: KafkaAdminClient, specs: Sequence[TopicSpec]) -> dict[str, int]:
    """Add partitions to topics that follow the raw topic; return the number that each of them has now."""
    counts = _count_partitions(admin, [spec.name for spec in specs if spec.is_following])
    short = {spec.name: spec.partitions for spec in specs if spec.name in counts and not spec.fits(counts[spec.name])}
    answer = admin.create_partitions(short, raise_errors=False) if short else None
    for result in answer.results if answer else []:
        if issubclass(for_code(result.error_code), AuthorizationError):
            raise access_denied(f"ALTER on topic {result.name}, which needs more partitions")
        if result.error_code and _count_partitions(admin, [result.name])[result.name] < short[result.name]:
            raise TopicError(  # else another process was faster
                f"Kafka adds no partitions to {result.name} ({for_code(result.error_code).__name__})",
                action="Run as an operator: fairstream topics create",
            )
    if short:
        _wait_for_partitions(admin, short)
    return short


def _wait_for_partitions(admin: KafkaAdminClient, wanted: Mapping[str, int]) -> None:
    deadline = time.monotonic() + _REQUEST_MS / 1000
    while any(n < wanted[name] for name, n in _count_partitions(admin, list(wanted)).items()):
        if time.monotonic() > deadline:
            raise TopicError("New partitions do not appear", action="Run again: fairstream topics create")
        time.sleep(_POLL_S)


def _create(admin: KafkaAdminClient, spec: TopicSpec) -> None:
    request = {spec.name: {"num_partitions": spec.partitions, "configs": spec.config}}  # replicas: the broker's default
    answer = admin.create_topics(request, raise_errors=False)
    for topic in answer["topics"]:
        error = for_code(topic["error_code"])
        if issubclass(error, AuthorizationError):
            raise access_denied(f"CREATE on topic {spec.name}")
        if topic["error_code"] and not issubclass(error, TopicAlreadyExistsError):  # another process was faster
            raise TopicError(
                f"Kafka does not create {spec.name} ({error.__name__})", action="Ask the operators of this Kafka"
            )
