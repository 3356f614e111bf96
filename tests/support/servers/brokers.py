"""Which Kafka the tests run against: one that is named, one in a container, or one on this machine. Never a mock."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stream_app.edges.kafka.local.broker import LocalKafka
from stream_app.edges.kafka.local.jars import KAFKA_VERSION

START_S = 300.0  # several start at once on a busy machine
_IMAGE = f"apache/kafka:{KAFKA_VERSION}"
_CONTROLLER_PORT = 1093  # inside the container; below every port that the system hands out as free


def describe_choice() -> str:
    """Say which broker a test of this run gets."""
    if named := os.environ.get("FAIRSTREAM_KAFKA"):
        return f"the Kafka at {named} (FAIRSTREAM_KAFKA)"
    if _is_docker_wanted():
        return f"{_IMAGE} in a container (FAIRSTREAM_TEST_BROKER=docker)"
    return f"Apache Kafka {KAFKA_VERSION} started on this machine"


@contextmanager
def open_broker(folder: Path) -> Iterator[str]:
    """Yield the address of a broker, which ends with the block unless it was named."""
    if named := os.environ.get("FAIRSTREAM_KAFKA"):
        yield named
    elif _is_docker_wanted():
        with _container() as bootstrap:
            yield bootstrap
    else:
        with LocalKafka(folder, start_timeout_s=START_S) as broker:
            yield broker.bootstrap


def _is_docker_wanted() -> bool:
    if os.environ.get("FAIRSTREAM_TEST_BROKER") != "docker":
        return False
    import docker  # noqa: PLC0415 - only where it is wanted

    try:
        client = docker.from_env()
        try:
            return bool(client.ping())
        finally:
            client.close()
    except docker.errors.DockerException:
        return False


@contextmanager
def _container() -> Iterator[str]:
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy  # noqa: PLC0415

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # One port number inside and outside: the broker also reaches itself at the address that it advertises.
    container = DockerContainer(_IMAGE).with_bind_ports(f"{port}/tcp", port)
    settings = {
        "NODE_ID": "1",
        "PROCESS_ROLES": "broker,controller",
        "CONTROLLER_QUORUM_VOTERS": f"1@127.0.0.1:{_CONTROLLER_PORT}",
        "LISTENERS": f"PLAINTEXT://0.0.0.0:{port},CONTROLLER://127.0.0.1:{_CONTROLLER_PORT}",
        "ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "AUTO_CREATE_TOPICS_ENABLE": "false",
        "OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
    }
    for name, value in settings.items():
        container.with_env(f"KAFKA_{name}", value)
    with container.waiting_for(LogMessageWaitStrategy("Kafka Server started")):
        yield f"127.0.0.1:{port}"
