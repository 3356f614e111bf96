"""A broker with TLS, SASL and an authorizer that denies by default: all clients, all roles, and what goes wrong."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka.client import AIOKafkaClient
from confluent_kafka import Consumer
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth
from kafka import OffsetAndMetadata, TopicPartition
from kafka.errors import NoError

import fairstream
from producers.event import Event
from producers.publish import Destination, publish
from producers.simulated.drift import DriftSchedule
from producers.simulated.loans import simulate_loans
from producers.timeline import Timeline
from stream_app.access import ROLES, Right, default_principal, rights_of
from stream_app.connection.for_confluent import confluent_settings
from stream_app.connection.for_faust import faust_credentials
from stream_app.connection.handshake import find_fault
from stream_app.connection.kafka_connection import KafkaConnection, KafkaSecurity
from stream_app.edges.files.key_file import key_file_path
from stream_app.edges.kafka.admin import connected
from stream_app.edges.kafka.audit_topic import AuditTopic
from stream_app.edges.kafka.deployment import open_deployment
from stream_app.edges.kafka.partition_counts import count_partitions
from stream_app.edges.kafka.readers.judge_records import read_records
from stream_app.edges.kafka.readers.live_results import open_alerts, open_results
from stream_app.edges.kafka.rights import ask_coordinator, check_rights, foreign_writers, missing_rights
from stream_app.edges.kafka.topic_metadata import TopicMetadata
from stream_app.edges.lanes.policy_registry import PolicyRegistry
from stream_app.errors import AccessDeniedError, ConnectionRejectedError, FairStreamError
from stream_app.programs.uninstall.inventory import Extent, take_inventory
from stream_app.programs.uninstall.removal import remove
from stream_app.settings import Settings, connection_environ
from stream_app.topics import FAIRNESS_AUDIT, FAIRNESS_RESULTS, UserRole, declared_topics
from tests.programs.chaos.logs import read_raw, read_sources
from tests.programs.secure_check.check import SecureCheck
from tests.support.charts.helm import Manifest, of_kind, render
from tests.support.charts.pods import Pod
from tests.support.paths import ROOT
from tests.support.servers.http_requests import ask
from tests.support.servers.secured.kafka import (
    OAUTH_CLIENT,
    OAUTH_SECRET,
    PLAIN_PASSWORD,
    PLAIN_USER,
    SecuredKafka,
    open_secured_kafka,
)
from tests.support.servers.secured.users import connection_of, grant, password_of, without
from tests.support.servers.sites import Site

pytestmark = pytest.mark.timeout(300)

APP_ID = "secured"
_WAIT_S = 20.0
SESSION_S = 60
WEB_TOKEN = "a token of a page, not of Kafka"  # noqa: S105  # of this test only


@dataclass(frozen=True)
class Stage:
    """The broker, an installation on it, and how the user of each role connects."""

    kafka: SecuredKafka
    site: Site
    users: dict[UserRole, KafkaConnection]

    def right(self, role: UserRole, text: str) -> Right:
        return next(right for right in rights_of(role, self.site.policy, APP_ID) if str(right) == text)


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureCheck]:
    folder = tmp_path_factory.mktemp("secured")
    (folder / "site").mkdir()
    with open_secured_kafka(folder) as kafka:
        yield SecureCheck(kafka, folder / "site", APP_ID, 4_000, print)


@pytest.fixture(scope="module")
def stage(check: SecureCheck) -> Stage:
    return Stage(check.kafka, check.site, check.users)


def security_of(kafka: SecuredKafka, way: str) -> KafkaConnection:
    ca, address = str(kafka.authority.path), kafka.address("SECURE")
    if way == "mutual TLS":
        certificate = kafka.authority.issue("client.pem", cn="client")
        security = KafkaSecurity(ssl_ca_file=ca, ssl_certificate_file=str(certificate))
        return KafkaConnection(kafka.address("MUTUAL"), security)
    if way == "OAUTHBEARER":
        security = KafkaSecurity(
            ssl_ca_file=ca,
            sasl_mechanism="OAUTHBEARER",
            oauth_token_url=kafka.issuer.url,
            oauth_client_id=OAUTH_CLIENT,
            oauth_client_secret_file=kafka.password_file("oauth", OAUTH_SECRET),
            oauth_ca_file=ca,
        )
    elif way == "PLAIN":
        path = kafka.password_file("plain", PLAIN_PASSWORD)
        security = KafkaSecurity(
            ssl_ca_file=ca, sasl_mechanism="PLAIN", sasl_username=PLAIN_USER, sasl_password_file=path
        )
    else:
        return connection_of(kafka, "fairstream-web", way)
    return KafkaConnection(address, security)


WAYS = {
    "mutual TLS": "User:CN=client",
    "PLAIN": f"User:{PLAIN_USER}",
    "SCRAM-SHA-256": "User:fairstream-web",
    "SCRAM-SHA-512": "User:fairstream-web",
    "OAUTHBEARER": f"User:{OAUTH_CLIENT}",
}


@pytest.mark.parametrize("way", WAYS)
def test_every_client_library_connects_in_every_way(way: str, stage: Stage) -> None:
    connection = security_of(stage.kafka, way)
    grant(stage.kafka, WAYS[way], rights_of("web", stage.site.policy, APP_ID))
    until(lambda: missing_rights(connection, rights_of("web", stage.site.policy, APP_ID)) == [])  # kafka-python
    with open_results(connection) as reader:  # a consumer of kafka-python
        list(reader.read_to_end())
    assert asyncio.run(count_partitions(connection, [FAIRNESS_RESULTS]))[FAIRNESS_RESULTS]  # aiokafka
    list(read_records(connection, FAIRNESS_RESULTS))  # a consumer of aiokafka

    client = Consumer({**confluent_settings(connection), "group.id": APP_ID, "log_level": 0})
    until(lambda: client.poll(0.1) is None and FAIRNESS_RESULTS in client.list_topics(timeout=_WAIT_S).topics)
    client.close()

    async def connect_as_faust() -> None:
        auth = credentials_to_aiokafka_auth(faust_credentials(connection))
        client = AIOKafkaClient(bootstrap_servers=connection.addresses, **auth)
        await client.bootstrap()
        await client.close()

    asyncio.run(connect_as_faust())


Change = Callable[[SecuredKafka], KafkaConnection]


def changed(listener: str, **fields: Any) -> Change:
    """Return how a connection is made from that of the web user: another listener, and other fields."""

    def make(kafka: SecuredKafka) -> KafkaConnection:
        values: dict[str, Any] = {"ssl_ca_file": "authority.pem"} | fields
        for name in ("ssl_ca_file", "ssl_certificate_file"):
            if values.get(name) is not None:
                values[name] = str(kafka.folder / values[name])
        if "sasl_mechanism" in values:
            path = kafka.password_file("guess", "a guess")
            values = {"sasl_username": "fairstream-web", "sasl_password_file": path} | values
        address = kafka.operator if listener == "PLAINTEXT" else kafka.address(listener)
        return KafkaConnection(address, KafkaSecurity(**values))

    return make


FAULTS: dict[str, tuple[Change, str]] = {
    "wrong CA": (changed("SECURE", ssl_ca_file="stranger.pem"), "of an authority that is not trusted.*Set ssl_ca_file"),
    "expired": (changed("EXPIRED"), "its certificate has expired"),
    "wrong host name": (changed("OTHERNAME"), "its certificate is not for the name 127.0.0.1"),
    "TLS to a plaintext port": (changed("PLAINTEXT"), "does not use TLS at this port"),
    "plaintext to a TLS port": (changed("SECURE", ssl_ca_file=None), "it uses TLS at this port"),
    "wrong mechanism": (changed("SCRAMONLY", sasl_mechanism="PLAIN"), "does not accept PLAIN, only: SCRAM-SHA-512"),
    "wrong password": (
        changed("SECURE", sasl_mechanism="SCRAM-SHA-512"),
        "rejects user fairstream-web or the pass",
    ),
    "wrong password, PLAIN": (changed("SECURE", sasl_mechanism="PLAIN"), "rejects user fairstream-web or the pass"),
    "SASL to a port without": (
        changed("PLAINTEXT", security_protocol="SASL_PLAINTEXT", ssl_ca_file=None, sasl_mechanism="PLAIN"),
        "does not use SASL at this port",
    ),
    "no SASL": (changed("SECURE"), "ends a connection without SASL"),
    "no client certificate": (changed("MUTUAL"), "does not accept the certificate of this client"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failed_handshake_is_explained_without_the_secret(fault: str, stage: Stage) -> None:
    make, message = FAULTS[fault]
    found = find_fault(make(stage.kafka))
    assert found is not None
    assert_matches(message, found)


def test_a_certificate_of_another_authority_is_explained(stage: Stage) -> None:
    stage.kafka.stranger.issue("strange-client.pem", cn="client")
    found = find_fault(changed("MUTUAL", ssl_certificate_file="strange-client.pem")(stage.kafka))
    assert_matches("does not accept the certificate of this client", found)


def test_commands_and_workers_say_why_instead_of_waiting(stage: Stage) -> None:
    expired = FAULTS["expired"][0](stage.kafka)
    with pytest.raises(ConnectionRejectedError, match="has expired"):
        asyncio.run(count_partitions(expired, [FAIRNESS_RESULTS]))
    password = FAULTS["wrong password"][0](stage.kafka)
    with pytest.raises(ConnectionRejectedError, match="rejects user"):
        publish([], Destination(password, "any"))
    environ = connection_environ({**os.environ, **stage.site.environ}, password)
    done = subprocess.run(
        [sys.executable, "-m", "stream_app", "doctor", "--json"],
        env=environ, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT,
    )  # fmt: skip
    [broker] = [part for part in map(json.loads, done.stdout.splitlines()) if part["part"] == "broker"]
    assert (done.returncode, broker["is_wrong"]) == (2, True)
    assert "rejects user fairstream-web" in broker["found"]
    assert "a guess" not in done.stdout + done.stderr


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_its_rights_and_each_that_is_taken_away_is_named(role: UserRole, stage: Stage) -> None:
    connection, rights = stage.users[role], rights_of(role, stage.site.policy, APP_ID)
    check_rights(connection, rights)
    for right in rights:
        with without(stage.kafka, default_principal(role), right):
            until(lambda right=right: missing_rights(connection, rights) == [right])  # type: ignore[misc]  # bound now
    until(lambda: missing_rights(connection, rights) == [])


def send(stage: Stage, connection: KafkaConnection) -> None:
    topic = stage.site.models[0]["topic"]
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


def test_a_changed_password_is_read_by_the_next_connection_of_a_client(stage: Stage) -> None:
    kafka, user = stage.kafka, "rotating"
    kafka.set_password(user, password_of(user))
    grant(kafka, f"User:{user}", rights_of("web", stage.site.policy, APP_ID))
    connection = connection_of(kafka, user)
    until(lambda: find_fault(connection) is None)

    async def rotate() -> None:
        metadata = TopicMetadata(connection, [FAIRNESS_RESULTS])
        await metadata.start()
        try:
            assert FAIRNESS_RESULTS in await metadata.describe()
            kafka.set_password(user, "another")
            await asyncio.to_thread(until, lambda: find_fault(connection) is not None)
            assert FAIRNESS_RESULTS in await metadata.describe()  # a connection that exists goes on
            kafka.password_file(user, "another")
            for open_connection in list(metadata._client._conns.values()):
                open_connection.close()
            assert FAIRNESS_RESULTS in await metadata.describe()
        finally:
            await metadata.close()

    asyncio.run(rotate())


def test_a_worker_counts_all_through_a_crash_and_its_results_are_verified(
    check: SecureCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    check.count_and_judge(rotate_password=False)
    check.expect("auditor", "verify", "replay", "verify", "--model", check.site.models[0]["name"])
    assert [str(report) for report in check.reports.values() if report.faults] == []
    for name, value in connection_environ({}, check.users["web"]).items():
        monkeypatch.setenv(name, value)
    assert len(fairstream.results(check.site.policy_file)) > 0


@pytest.mark.timeout(1200)  # the first run builds Helm
def test_two_pods_of_the_chart_hand_over_when_one_is_scaled_down(stage: Stage, tmp_path: Path) -> None:
    """The session timeout is twice the limit of the wait: partitions move because the pod leaves, not because it is
    missed."""
    raw, output = stage.site.models[0]["topic"], stage.site.models[0]["output_topic"]
    events = simulate_loans(7, Timeline(1_795_449_600_000, 0.01), DriftSchedule())
    n_before = {partition: len(log) for partition, log in read_raw(stage.kafka.operator, raw).items()}
    stays, goes = (Pod(worker_spec(stage), tmp_path / name, secrets_of(stage)) for name in ("stays", "goes"))

    def send_more() -> None:
        publish(islice(events, 1000), Destination(stage.users["producer"], raw))

    def has(pod: Pod, n_lanes: int) -> bool:
        changes = re.findall(rf"Lane (opened|closed): topic={raw} partition=(\d)", pod.log)
        newest = {partition: change for change, partition in changes}
        is_all = list(newest.values()).count("opened") == n_lanes
        return is_all and ask(pod.metrics_port, "GET", "/readyz")[0].status == 200

    def published() -> dict[int, list[int]]:
        """Return the offsets in the order of the log, without those of other tests, which send bad records too."""
        sources = read_sources(stage.kafka.operator, output)
        return {p: [offset for offset in offsets if offset >= n_before.get(p, 0)] for p, offsets in sources.items()}

    with stays.running() as staying, goes.running() as going:
        wait = stage.site.wait_until
        wait("each has two partitions", lambda: has(stays, 2) and has(goes, 2))
        send_more()
        assert ask(goes.metrics_port, "GET", "/metrics")[0].status == HTTPStatus.UNAUTHORIZED
        going.signal(signal.SIGTERM)
        send_more()
        assert going.wait(goes.grace_s) == 0
        wait("the other has all", lambda: has(stays, 4), timeout_s=SESSION_S / 2)
        send_more()
        sent = {p: list(range(n_before.get(p, 0), len(log))) for p, log in read_raw(stage.kafka.operator, raw).items()}
        wait("all are published", lambda: published() == sent)
        assert staying.exit_code() is None
    for pod in (stays, goes):
        assert "Traceback" not in pod.log
        assert password_of("") not in pod.log
        assert WEB_TOKEN not in pod.log


def test_an_uninstallation_names_what_is_denied_and_an_operator_deletes_the_rest(stage: Stage) -> None:
    """The last test of this module: afterwards nothing of the deployment is left."""
    settings = msgspec.convert({"app_id": APP_ID, "state_dir": str(stage.site.folder)}, Settings)
    worker = msgspec.structs.replace(settings, kafka=stage.users["worker"].servers, **security(stage.users["worker"]))
    raw = stage.site.policy.models[0].topic
    with connected(stage.kafka.operator) as admin:  # a group, also where no worker has run before
        hint = {TopicPartition(raw, 0): OffsetAndMetadata(0, "", -1)}
        until(lambda: set(ask_coordinator(lambda: admin.alter_group_offsets(APP_ID, hint)).values()) == {NoError})
    with open_deployment(worker.connection) as deployment:
        inventory = take_inventory(deployment, worker, stage.site.policy, Extent())
        [unknown] = inventory.unknown
        assert unknown.startswith("Access rights are not listed: Kafka denies DESCRIBE on the cluster")
        faults = {removal.item.name: str(removal.fault) for removal in remove(deployment, inventory, APP_ID)}
    assert f"DELETE on group {APP_ID}" in faults[APP_ID]
    assert f"DELETE on topic {FAIRNESS_RESULTS}" in faults[FAIRNESS_RESULTS]
    assert raw not in faults

    operator = msgspec.structs.replace(settings, kafka=stage.kafka.operator)
    with open_deployment(operator.connection) as deployment:
        inventory = take_inventory(deployment, operator, stage.site.policy, Extent(audit=True))
        assert inventory.unknown == ()
        names = {item.name for item in inventory.items if item.kind == "access right"}
        assert "ALLOW User:fairstream-web READ on topic fairness-results" in names
        assert f"ALLOW User:fairstream-worker WRITE on transactional id {APP_ID}-{raw}-*" in names
        assert not [name for name in names if name.endswith(f"topic {raw}") or "fairness-a*" in name]
        assert [str(removal.fault) for removal in remove(deployment, inventory, APP_ID) if removal.fault] == []
        until(lambda: {name for name in deployment.topics() if not name.startswith("__")} == {raw})
        left = take_inventory(deployment, operator, stage.site.policy, Extent(audit=True))
    assert [item.name for item in left.items if item.delete is not None] == []


def security(connection: KafkaConnection) -> dict[str, Any]:
    return msgspec.structs.asdict(connection.security)


def worker_spec(stage: Stage) -> Manifest:
    """Return the pod of the chart for this stage."""
    manifests = render(
        appId=APP_ID,
        settings={"session_timeout_s": SESSION_S},
        kafka={
            "bootstrapServers": stage.kafka.address("SECURE"),
            "tls": {"caSecret": {"name": "ca"}},
            "sasl": {
                "mechanism": "SCRAM-SHA-512",
                "username": "fairstream-worker",
                "passwordSecret": {"name": "worker"},
            },
        },
        policy={"text": stage.site.policy_file.read_text("utf-8")},
        keysSecret={"name": "keys"},
        web={"tokenSecret": {"name": "web"}},
    )
    (deployment,) = of_kind(manifests, "Deployment", "-worker")
    spec: Manifest = deployment["spec"]["template"]["spec"]
    return spec


def secrets_of(stage: Stage) -> dict[str, dict[str, str]]:
    """Return the Secrets that the chart names, and its own ConfigMap."""
    return {
        "ca": {"ca.crt": stage.kafka.authority.path.read_text("utf-8")},
        "worker": {"password": password_of("fairstream-worker")},
        "web": {"token": WEB_TOKEN},
        "keys": {"pseudonym-keys.json": key_file_path(stage.site.folder).read_text("utf-8")},
        "fs-fairstream-policy": {"policy.toml": stage.site.policy_file.read_text("utf-8")},
    }


def until(condition: Callable[[], Any]) -> Any:
    """Poll until something is true, and return it: rights reach a broker a moment after they were granted."""
    deadline_s = time.monotonic() + _WAIT_S
    while not (value := condition()):
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    return value


def assert_matches(message: str, error: FairStreamError | None) -> None:
    with pytest.raises(FairStreamError, match=message) as raised:
        raise error or AssertionError
    assert "a guess" not in str(raised.value)
