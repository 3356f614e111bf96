"""Address and security of a Kafka: the value that is passed to everything that connects.

It names the files of secrets and never contains one, so it can be shown and logged. Nothing is opened here.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from stream_app.errors import ConfigError

log = logging.getLogger(__name__)

Servers = Annotated[str, msgspec.Meta(pattern=r"^[^\s/]+:\d+(,[^\s/]+:\d+)*$")]
Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]

_TLS_FILES = ("ssl_ca_file", "ssl_certificate_file", "ssl_key_file", "ssl_key_password_file")
_PASSWORD = ("sasl_username", "sasl_password_file")
_OAUTH = ("oauth_token_url", "oauth_client_id", "oauth_client_secret_file")
_OAUTH_OPTIONS = ("oauth_scope", "oauth_ca_file")
_INSECURE = (
    "Use TLS with verified names (SSL or SASL_SSL), or accept the risk with --insecure (FAIRSTREAM_INSECURE=true)"
)


class KafkaSecurity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """TLS and SASL of a connection; without any of it the connection is plaintext.

    Attributes:
        security_protocol: ``PLAINTEXT``, ``SSL``, ``SASL_PLAINTEXT`` or ``SASL_SSL``, in Kafka's words. None derives it
            from the other fields: ``SASL_SSL`` with a mechanism, ``SSL`` with a TLS file, else ``PLAINTEXT``.
        ssl_ca_file: PEM file of the certificate authorities that are trusted; None for those of the system.
        ssl_certificate_file: PEM file of the client's certificate chain, for mutual TLS.
        ssl_key_file: PEM file of the client's private key; None if it is in the certificate file.
        ssl_key_password_file: File that contains the password of the private key.
        ssl_check_hostname: Whether the broker's certificate must name its host. Off only together with ``insecure``.
        sasl_mechanism: ``PLAIN``, ``SCRAM-SHA-256``, ``SCRAM-SHA-512`` or ``OAUTHBEARER``.
        sasl_username: User, for all mechanisms but ``OAUTHBEARER``.
        sasl_password_file: File that contains the password.
        oauth_token_url: Token endpoint, for ``OAUTHBEARER`` with client credentials.
        oauth_client_id: Client id.
        oauth_client_secret_file: File that contains the client secret.
        oauth_scope: Scope to request; None for the default of the endpoint.
        oauth_ca_file: PEM file of the authorities that are trusted for the endpoint; None for those of the system.
        insecure: Accept a connection that others can read or impersonate. Logged, and shown as a metric.
    """

    security_protocol: Protocol | None = None
    ssl_ca_file: str | None = None
    ssl_certificate_file: str | None = None
    ssl_key_file: str | None = None
    ssl_key_password_file: str | None = None
    ssl_check_hostname: bool = True
    sasl_mechanism: Mechanism | None = None
    sasl_username: str | None = None
    sasl_password_file: str | None = None
    oauth_token_url: str | None = None
    oauth_client_id: str | None = None
    oauth_client_secret_file: str | None = None
    oauth_scope: str | None = None
    oauth_ca_file: str | None = None
    insecure: bool = False

    @property
    def protocol(self) -> Protocol:
        """Kafka's security protocol, given or derived.

        >>> KafkaSecurity(sasl_mechanism="PLAIN").protocol
        'SASL_SSL'
        """
        if self.security_protocol is not None:
            return self.security_protocol
        if self.sasl_mechanism is not None:
            return "SASL_SSL"
        return "SSL" if self._given(*_TLS_FILES) else "PLAINTEXT"

    @property
    def is_encrypted(self) -> bool:
        """Whether the connection uses TLS."""
        return self.protocol in ("SSL", "SASL_SSL")

    @property
    def is_authenticated(self) -> bool:
        """Whether the connection uses SASL."""
        return self.protocol.startswith("SASL_")

    def _given(self, *names: str) -> list[str]:
        return [name for name in names if getattr(self, name) is not None]

    def contradictions(self) -> Iterator[str]:
        """Yield each reason why these fields do not make a connection."""
        protocol, mechanism = self.protocol, self.sasl_mechanism
        if self.is_authenticated and mechanism is None:
            yield f"security_protocol {protocol} needs a sasl_mechanism"
        if not self.is_authenticated and mechanism is not None:
            yield f"sasl_mechanism {mechanism} needs security_protocol SASL_SSL, not {protocol}"
        if not self.is_encrypted and (given := self._given(*_TLS_FILES)):
            yield f"{given[0]} has no effect with security_protocol {protocol}"
        if self.ssl_certificate_file is None and (given := self._given("ssl_key_file", "ssl_key_password_file")):
            yield f"{given[0]} needs an ssl_certificate_file"
        wanted = {None: (), "OAUTHBEARER": _OAUTH}.get(mechanism, _PASSWORD)
        for name in wanted:
            if getattr(self, name) is None:
                yield f"sasl_mechanism {mechanism} needs {name}"
        unused = [name for name in (*_PASSWORD, *_OAUTH) if name not in wanted]
        unused += () if mechanism == "OAUTHBEARER" else _OAUTH_OPTIONS
        for name in self._given(*unused):
            yield f"{name} has no effect " + (f"with sasl_mechanism {mechanism}" if mechanism else "without SASL")


class KafkaConnection(msgspec.Struct, frozen=True):
    """A Kafka and how it is reached.

    Attributes:
        servers: Bootstrap servers, ``host:port[,host:port]``.
        security: TLS and SASL.
    """

    servers: str
    security: KafkaSecurity = KafkaSecurity()

    def __str__(self) -> str:
        return self.servers

    @property
    def addresses(self) -> list[str]:
        """The bootstrap servers, one by one."""
        return self.servers.split(",")

    def weaknesses(self) -> list[str]:
        """Return what others on the network could do, in words; empty for a secure connection.

        >>> KafkaConnection("broker:9092").weaknesses()
        ['the connection to broker:9092 is not encrypted']
        >>> KafkaConnection("127.0.0.1:9092").weaknesses()
        []
        """
        remote = [address for address in self.addresses if not is_loopback(split_address(address)[0])]
        weaknesses = []
        if remote and not self.security.is_encrypted:
            weaknesses.append(f"the connection to {','.join(remote)} is not encrypted")
        if self.security.is_encrypted and not self.security.ssl_check_hostname:
            weaknesses.append("the name of the broker is not verified")
        url = urlsplit(self.security.oauth_token_url or "")
        if url.scheme == "http" and not is_loopback(url.hostname or ""):
            weaknesses.append(f"the client secret is sent to {url.hostname} unencrypted")
        return weaknesses

    def checked(self) -> KafkaConnection:
        """Return this connection if it is complete, and secure or accepted as insecure.

        Raises:
            ConfigError: fields contradict each other, or the connection is insecure without ``insecure``.
        """
        for contradiction in self.security.contradictions():
            raise ConfigError(f"Kafka connection: {contradiction}", action="See: docs/how-to/secure-kafka.md")
        if (weaknesses := self.weaknesses()) and not self.security.insecure:
            raise ConfigError(f"Insecure Kafka connection: {', and '.join(weaknesses)}", action=_INSECURE)
        return self


AnyKafka = KafkaConnection | str


def as_connection(kafka: AnyKafka) -> KafkaConnection:
    """Return a connection; an address alone is one without TLS, which only this machine may have.

    Raises:
        ConfigError: the connection is incomplete or insecure.

    >>> as_connection("127.0.0.1:9092").security.protocol
    'PLAINTEXT'
    """
    connection = (KafkaConnection(kafka) if isinstance(kafka, str) else kafka).checked()
    if weaknesses := connection.weaknesses():
        _warn_once("; ".join(weaknesses))
    return connection


@lru_cache
def _warn_once(weaknesses: str) -> None:
    log.warning("Insecure Kafka connection, accepted by the setting `insecure`: %s", weaknesses)


def split_address(address: str) -> tuple[str, int]:
    """Return host and port; an IPv6 host may be in brackets.

    >>> split_address("[::1]:9092")
    ('::1', 9092)
    """
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, by its name or number; no name is looked up.

    >>> is_loopback("127.0.0.2"), is_loopback("localhost"), is_loopback("localhost.example")
    (True, True, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
