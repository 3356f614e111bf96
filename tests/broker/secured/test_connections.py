"""All client libraries connect in all ways, and a connection that fails is explained."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from confluent_kafka import Consumer
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from producers.publish import Destination, publish
from stream_app.access import rights_of
from stream_app.connection.for_confluent import confluent_settings
from stream_app.connection.for_faust import faust_credentials
from stream_app.connection.handshake import find_fault
from stream_app.connection.kafka_connection import KafkaConnection, KafkaSecurity
from stream_app.edges.kafka.partition_counts import count_partitions
from stream_app.edges.kafka.readers.judge_records import read_records
from stream_app.edges.kafka.readers.live_results import open_results
from stream_app.edges.kafka.rights import missing_rights
from stream_app.edges.kafka.topic_metadata import TopicMetadata
from stream_app.errors import ConnectionRejectedError, FairStreamError
from stream_app.settings import connection_environ
from stream_app.topics import FAIRNESS_RESULTS
from tests.support.paths import ROOT
from tests.support.servers.secured.kafka import (
    OAUTH_CLIENT,
    OAUTH_SECRET,
    PLAIN_PASSWORD,
    PLAIN_USER,
    SecuredKafka,
)
from tests.support.servers.secured.stage import APP_ID, WAIT_S, Stage, until
from tests.support.servers.secured.users import connection_of, grant, password_of

pytestmark = pytest.mark.timeout(900)


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
    until(lambda: client.poll(0.1) is None and FAIRNESS_RESULTS in client.list_topics(timeout=WAIT_S).topics)
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


def test_an_expired_certificate_of_the_client_is_explained(stage: Stage) -> None:
    stage.kafka.authority.issue("old-client.pem", cn="client", valid_days=-1)
    found = find_fault(changed("MUTUAL", ssl_certificate_file="old-client.pem")(stage.kafka))
    assert_matches("the certificate of this client has expired. Renew ssl_certificate_file", found)


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
        env=environ, capture_output=True, text=True, timeout=300, check=False, cwd=ROOT,
    )  # fmt: skip
    [broker] = [part for part in map(json.loads, done.stdout.splitlines()) if part["part"] == "broker"]
    assert (done.returncode, broker["is_wrong"]) == (2, True)
    assert "rejects user fairstream-web" in broker["found"]
    assert "a guess" not in done.stdout + done.stderr


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


def assert_matches(message: str, error: FairStreamError | None) -> None:
    with pytest.raises(FairStreamError, match=message) as raised:
        raise error or AssertionError
    assert "a guess" not in str(raised.value)
