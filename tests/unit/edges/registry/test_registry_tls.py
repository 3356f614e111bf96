"""A schema registry over TLS: whom the client trusts, and with which certificate it names itself."""

from __future__ import annotations

import re
import ssl
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from stream_app.connection.schema_registry import SchemaRegistry
from stream_app.edges.registry.client import RegistryClient, UnknownSchemaError
from stream_app.errors import RegistryUnavailableError
from tests.support.servers.registry_gate import Gate, open_gate
from tests.support.servers.secured.certificates import Authority

_UNKNOWN = (404, b'{"error_code":40403,"message":"Schema not found"}')


@pytest.fixture
def trusted(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "trusted")


@pytest.fixture
def other(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "other")


def served(certificate: Path, clients: Authority | None = None) -> AbstractContextManager[Gate]:
    """Open a gate with a certificate, which accepts the clients of an authority only where one is given."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients.path)
    return open_gate("http://127.0.0.1:9", context)


def is_read(gate: Gate, **settings: Any) -> bool:
    """Return whether the client gets the answer of the registry, which has no schema."""
    gate.answer = _UNKNOWN
    with pytest.raises(UnknownSchemaError):
        RegistryClient(SchemaRegistry(url=gate.url, **settings)).schema(1)
    return len(gate.asked) == 1


def failure(gate: Gate, **settings: Any) -> str:
    """Return why the client does not get the answer; nothing was asked without a connection that is secure."""
    gate.answer = _UNKNOWN
    with pytest.raises(RegistryUnavailableError) as error:
        RegistryClient(SchemaRegistry(url=gate.url, **settings)).schema(1)
    assert gate.asked == []
    return str(error.value)


def test_a_registry_whose_issuer_is_trusted_is_asked_with_user_and_password(trusted: Authority, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret-1\n")
    login = {"username": "reader", "password_file": str(tmp_path / "password")}
    with served(trusted.issue("server.pem", "127.0.0.1")) as gate:
        gate.credentials = "reader:secret-1"
        assert is_read(gate, ca_file=str(trusted.path), **login)


def test_a_registry_that_cannot_prove_its_name_gets_no_request(trusted: Authority, other: Authority) -> None:
    with served(trusted.issue("server.pem", "127.0.0.1")) as gate:
        assert "certificate of the schema registry is not accepted" in failure(gate, ca_file=str(other.path))
        assert "certificate of the schema registry is not accepted" in failure(gate)  # the authorities of the system
    with served(trusted.issue("name.pem", "registry.example")) as gate:
        assert "IP address mismatch" in failure(gate, ca_file=str(trusted.path))
    with served(trusted.issue("expired.pem", "127.0.0.1", valid_days=-1)) as gate:
        assert "certificate has expired" in failure(gate, ca_file=str(trusted.path))


def test_with_mutual_tls_only_a_client_of_the_right_issuer_is_served(trusted: Authority, other: Authority) -> None:
    certificate = str(trusted.issue("client.pem", cn="fairstream"))
    foreign = str(other.issue("foreign.pem", cn="fairstream"))
    expired = str(trusted.issue("old.pem", cn="fairstream", valid_days=-1))
    ca_file = str(trusted.path)
    with served(trusted.issue("server.pem", "127.0.0.1"), trusted) as gate:
        for settings in ({}, {"certificate_file": foreign}, {"certificate_file": expired}):
            # With TLS 1.3 the registry may close the connection before the client has read why.
            assert re.search(
                "ends the TLS connection|does not answer|client has expired", failure(gate, ca_file=ca_file, **settings)
            )
        assert is_read(gate, ca_file=ca_file, certificate_file=certificate, key_file=certificate)


def test_a_renewed_certificate_is_used_without_a_restart(trusted: Authority, other: Authority) -> None:
    certificate = other.issue("client.pem", cn="fairstream")
    with served(trusted.issue("server.pem", "127.0.0.1"), trusted) as gate:
        gate.answer = _UNKNOWN
        registry = SchemaRegistry(url=gate.url, ca_file=str(trusted.path), certificate_file=str(certificate))
        client = RegistryClient(registry)
        with pytest.raises(RegistryUnavailableError):
            client.schema(1)
        trusted.issue("client.pem", cn="fairstream")
        with pytest.raises(UnknownSchemaError):
            client.schema(1)


def test_plain_http_at_a_port_of_tls_is_no_answer(trusted: Authority) -> None:
    with served(trusted.issue("server.pem", "127.0.0.1")) as gate:
        url = gate.url.replace("https", "http")
        with pytest.raises(RegistryUnavailableError, match="does not answer"):
            RegistryClient(SchemaRegistry(url=url)).schema(1)
