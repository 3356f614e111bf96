"""Workers whose certificate or password stops being right while they run: they say why, lose nothing and continue."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from stream_app.access import rights_of
from stream_app.connection.handshake import find_fault
from stream_app.connection.kafka_connection import KafkaConnection, KafkaSecurity
from stream_app.edges.host.ports import free_port
from stream_app.edges.host.processes import BoundProcess
from stream_app.settings import connection_environ
from tests.support.paths import ROOT
from tests.support.servers.http_requests import ask
from tests.support.servers.secured.kafka import SecuredKafka
from tests.support.servers.secured.stage import APP_ID, Decisions, Stage, until
from tests.support.servers.secured.users import connection_of, grant, password_of, wait_until_accepted

pytestmark = pytest.mark.timeout(900)

CHANGED = "changed-on-the-broker"
SHORT_S = 8.0  # the certificates are valid for so long


@dataclass(frozen=True)
class Case:
    """What stops being right.

    Attributes:
        spoil: Does it; afterwards a new connection is rejected, at once or in a few seconds.
        reason: What the worker has to say.
        restore: Puts it right.
    """

    connection: KafkaConnection
    spoil: Callable[[], object]
    reason: str
    restore: Callable[[], object]


def cases_of(kafka: SecuredKafka) -> dict[str, Case]:
    def client_certificate(days: float) -> str:
        return str(kafka.authority.issue("worker.pem", cn="worker", valid_days=days))

    mutual = KafkaSecurity(ssl_ca_file=str(kafka.authority.path), ssl_certificate_file=client_certificate(30))
    return {
        "certificate of the broker": Case(
            connection_of(kafka, "fairstream-worker", listener="RENEWED"),
            lambda: kafka.renew_certificate(valid_s=SHORT_S),
            "its certificate has expired. Renew the broker's certificate",
            lambda: kafka.renew_certificate(valid_s=86_400),
        ),
        "certificate of the client": Case(
            KafkaConnection(kafka.address("MUTUAL"), mutual),
            lambda: client_certificate(SHORT_S / 86_400),
            "the certificate of this client has expired. Renew ssl_certificate_file",
            lambda: client_certificate(30),
        ),
        "password": Case(
            connection_of(kafka, "rotated"),
            lambda: kafka.set_password("rotated", CHANGED),
            "it rejects user rotated or the password",
            lambda: kafka.password_file("rotated", CHANGED),
        ),
    }


class Worker:
    """A worker with a connection of its own."""

    def __init__(self, stage: Stage, connection: KafkaConnection, log_path: Path) -> None:
        self._port = free_port()
        self._log_path = log_path
        own = {"FAIRSTREAM_METRICS_PORT": str(self._port)}
        self._environ = connection_environ({**os.environ, **stage.site.environ, **own}, connection)

    @contextmanager
    def running(self) -> Iterator[BoundProcess]:
        command = [sys.executable, "-m", "stream_app", "worker"]
        with BoundProcess(command, self._log_path, env=self._environ | {"PYTHONPATH": str(ROOT)}) as process:
            yield process

    @property
    def log(self) -> str:
        return self._log_path.read_text("utf-8")

    @property
    def waits_for(self) -> list[str] | None:
        """What it waits for; None before it answers."""
        try:
            response, body = ask(self._port, "GET", "/readyz")
        except OSError:
            return None
        assert (response.status == 200) is (json.loads(body)["waiting_for"] == [])
        return list(json.loads(body)["waiting_for"])

    @property
    def is_rejected(self) -> bool:
        _, body = ask(self._port, "GET", "/metrics")
        found = re.search(r"^fairstream_kafka_rejected (\S+)$", body.decode(), re.MULTILINE)
        assert found is not None
        return float(found[1]) == 1

    @property
    def is_held_back(self) -> bool:
        """Whether log, metrics and readiness all say so."""
        return bool(self.says) and self.is_rejected and "connection" in (self.waits_for or [])

    @property
    def says(self) -> list[str]:
        """The reasons that it has logged."""
        return re.findall(r"Kafka does not accept this worker, its lanes wait: (.*)", self.log)


def test_workers_that_are_rejected_say_why_and_continue_where_they_were(stage: Stage, tmp_path: Path) -> None:
    """All connections are made again because the broker restarts; those that exist are not rejected."""
    kafka, wait = stage.kafka, stage.site.wait_until
    kafka.set_password("rotated", password_of("rotated"))
    for principal in ("User:rotated", "User:CN=worker"):
        grant(kafka, principal, rights_of("worker", stage.site.policy, APP_ID))
    cases = cases_of(kafka)
    for case in cases.values():
        wait_until_accepted(case.connection)
    workers = {
        name: Worker(stage, case.connection, tmp_path / f"{name.replace(' ', '-')}.log") for name, case in cases.items()
    }
    decisions = Decisions(stage)
    with ExitStack() as stack:
        processes = [stack.enter_context(worker.running()) for worker in workers.values()]
        wait("all are ready", lambda: all(worker.waits_for == [] for worker in workers.values()))
        decisions.send(1000)
        wait("all are published", decisions.are_published)
        for case in cases.values():
            case.spoil()
        until(lambda: all(find_fault(case.connection) is not None for case in cases.values()))
        assert [(worker.waits_for, worker.is_rejected) for worker in workers.values()] == [([], False)] * len(workers)
        decisions.send(1000)
        wait("existing connections continue", decisions.are_published)

        kafka.node.stop()
        kafka.node.start()
        decisions.send(1000)
        wait(
            "each says why",
            lambda: all(worker.is_held_back for worker in workers.values()),
            timeout_s=400,
        )
        for name, worker in workers.items():
            assert cases[name].reason in worker.says[-1]

        for case in cases.values():
            case.restore()
        wait("all are ready again", lambda: all(worker.waits_for == [] for worker in workers.values()))
        wait("all are published, each once", decisions.are_published)
        assert [process.exit_code() for process in processes] == [None] * len(processes)
        wait("none is rejected any more", lambda: not any(worker.is_rejected for worker in workers.values()))
    for worker in workers.values():
        assert len(worker.says) == 1, worker.says
        assert "Kafka does not reject this worker any more" in worker.log
        assert "Traceback" not in worker.log
        assert not re.search(f"{password_of('rotated')}|{CHANGED}", worker.log)
