"""A local Kafka with one listener for each way to connect, and an authorizer that denies by default.

The plaintext listener is the operator's: it is open to this machine only, and its user is a superuser.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its documented place
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
)
from kafka import KafkaAdminClient
from kafka.admin import ScramMechanism, UserScramCredentialUpsertion

from stream_app.edges.host.ports import HOST, free_port
from stream_app.edges.kafka.local.broker import LocalKafka
from stream_app.edges.kafka.local.java import Java
from tests.support.servers.brokers import START_S
from tests.support.servers.secured.certificates import Authority
from tests.support.servers.secured.tokens import AUDIENCE, TokenIssuer, serve_tokens

PLAIN_USER, PLAIN_PASSWORD = "plain-user", "plain-user-secret"
OAUTH_CLIENT, OAUTH_SECRET = "oauth client", "s3cret/+&"
_HOSTS = ("127.0.0.1", "localhost")
_DAY_S, _ADMIN_S = 86_400.0, 120.0
_MECHANISMS = "SCRAM-SHA-256,SCRAM-SHA-512,PLAIN,OAUTHBEARER"
# Listener: protocol, and the file of its certificate.
_LISTENERS = {
    "SECURE": ("SASL_SSL", "broker.pem"),
    "SCRAMONLY": ("SASL_SSL", "broker.pem"),
    "MUTUAL": ("SSL", "broker.pem"),
    "EXPIRED": ("SSL", "expired.pem"),
    "RENEWED": ("SASL_SSL", "renewed.pem"),
    "OTHERNAME": ("SSL", "other-name.pem"),
    "UNENCRYPTED": ("SASL_PLAINTEXT", ""),
}


class _Node(LocalKafka):
    def __init__(self, folder: Path, issuer_keys: Path) -> None:
        super().__init__(folder / "kafka", start_timeout_s=START_S)
        self.ports = {name: free_port() for name in _LISTENERS}
        self._folder, self._keys = folder, issuer_keys

    def _java_command(self, java: Java, jars: list[Path]) -> list[str]:
        program, *flags = super()._java_command(java, jars)
        return [program, f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self._keys.as_uri()}", *flags]

    def _write_settings(self) -> Path:
        path = super()._write_settings()
        text = path.read_text("utf-8")
        path.write_text(text + "\n".join(self._more_settings(text)) + "\n", "utf-8")
        return path

    def _more_settings(self, text: str) -> Iterator[str]:
        for key in ("listeners", "advertised.listeners", "listener.security.protocol.map"):
            first = next(line for line in text.splitlines() if line.startswith(f"{key}="))
            is_map = key.endswith("map")
            more = [f"{n}:{p}" if is_map else f"{n}://{HOST}:{self.ports[n]}" for n, (p, _) in _LISTENERS.items()]
            yield ",".join([first, *more])  # the later line counts
        yield "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer"
        yield "super.users=User:ANONYMOUS"
        yield "allow.everyone.if.no.acl.found=false"
        yield "connections.max.idle.ms=900000"
        for name, (protocol, certificate) in _LISTENERS.items():
            prefix = f"listener.name.{name.lower()}"
            if certificate:
                yield f"{prefix}.ssl.keystore.type=PEM"
                yield f"{prefix}.ssl.keystore.location={self._folder / certificate}"
                yield f"{prefix}.ssl.truststore.type=PEM"
                yield f"{prefix}.ssl.truststore.location={self._folder / 'authority.pem'}"
                yield f"{prefix}.ssl.client.auth={'required' if name == 'MUTUAL' else 'none'}"
            if protocol.startswith("SASL"):
                mechanisms = "SCRAM-SHA-512" if name == "SCRAMONLY" else _MECHANISMS
                yield f"{prefix}.sasl.enabled.mechanisms={mechanisms}"
                yield from self._sasl(prefix)

    def _sasl(self, prefix: str) -> Iterator[str]:
        package = "org.apache.kafka.common.security"
        for mechanism in ("scram-sha-256", "scram-sha-512"):
            yield f"{prefix}.{mechanism}.sasl.jaas.config={package}.scram.ScramLoginModule required;"
        plain = f'{package}.plain.PlainLoginModule required user_{PLAIN_USER}="{PLAIN_PASSWORD}";'
        yield f"{prefix}.plain.sasl.jaas.config={plain}"
        oauth = f"{prefix}.oauthbearer.sasl"
        yield f"{oauth}.jaas.config={package}.oauthbearer.OAuthBearerLoginModule required;"
        yield f"{oauth}.server.callback.handler.class={package}.oauthbearer.OAuthBearerValidatorCallbackHandler"
        yield f"{oauth}.oauthbearer.jwks.endpoint.url={self._keys.as_uri()}"
        yield f"{oauth}.oauthbearer.expected.audience={AUDIENCE}"


@dataclass
class SecuredKafka:
    """The broker, and everything that connects to it by some way.

    Attributes:
        folder: Certificates, and files of passwords.
        node: The process.
        authority: The authority of the broker, also for clients.
        stranger: An authority that the broker does not know.
        issuer: The token endpoint.
    """

    folder: Path
    node: _Node
    authority: Authority
    stranger: Authority
    issuer: TokenIssuer

    @property
    def operator(self) -> str:
        """Address of the superuser's listener."""
        return self.node.bootstrap

    def renew_certificate(self, *, valid_s: float) -> None:
        """Give the listener ``RENEWED`` a new certificate, as an operator does: the broker reads the file again."""
        self.authority.issue("renewed.pem", *_HOSTS, valid_days=valid_s / _DAY_S)
        broker = ConfigResource(ConfigResource.Type.BROKER, "1")
        name = "listener.name.renewed.ssl.keystore.location"
        path = str(self.folder / "renewed.pem")
        broker.add_incremental_config(ConfigEntry(name, path, incremental_operation=AlterConfigOpType.SET))
        admin = AdminClient({"bootstrap.servers": self.operator, "log_level": 3})
        for future in admin.incremental_alter_configs([broker]).values():
            future.result(_ADMIN_S)

    def address(self, listener: str) -> str:
        return f"{HOST}:{self.node.ports[listener]}"

    def password_file(self, name: str, password: str) -> str:
        path = self.folder / f"{name}.password"
        new = path.with_suffix(".new")
        new.write_text(password + "\n", "utf-8")
        new.replace(path)
        return str(path)

    def set_password(self, user: str, password: str) -> None:
        """Create a SCRAM user, or change its password."""
        admin = KafkaAdminClient(bootstrap_servers=[self.operator])
        try:
            for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
                alteration = UserScramCredentialUpsertion(user, mechanism, password)
                assert admin.alter_user_scram_credentials([alteration]) == {user: None}
        finally:
            admin.close()


@contextmanager
def open_secured_kafka(folder: Path) -> Iterator[SecuredKafka]:
    """Start the broker and the token endpoint; end them with the block."""
    authority, stranger = Authority(folder, "authority"), Authority(folder, "stranger")
    certificate = authority.issue("broker.pem", *_HOSTS)
    authority.issue("expired.pem", *_HOSTS, valid_days=-1)
    authority.issue("renewed.pem", *_HOSTS)
    authority.issue("other-name.pem", "kafka.example")
    issuer = TokenIssuer({OAUTH_CLIENT: OAUTH_SECRET})
    issuer.write_keys(folder / "keys.json")
    node = _Node(folder, folder / "keys.json")
    with serve_tokens(issuer, certificate), node:
        yield SecuredKafka(folder, node, authority, stranger, issuer)
