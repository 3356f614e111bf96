"""How this process runs: read once by the command line, passed on as values.

Precedence, lowest first: the defaults below, a TOML file (``FAIRSTREAM_SETTINGS``), ``FAIRSTREAM_*`` variables, flags.
What is monitored is not here but in the policy (``stream_app.policy``).
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from stream_app.connection.kafka_connection import KafkaConnection, KafkaSecurity, Servers
from stream_app.connection.schema_registry import SchemaRegistry
from stream_app.errors import ConfigError
from stream_app.small_file import cannot_read, read_small_file

PREFIX = "FAIRSTREAM_"
_SHORT = {"KAFKA": "kafka", "POLICY": "policy", "STATE": "state_dir"}
_NOT_SETTINGS = {"SETTINGS", "TEST_BROKER", "TEST_SEED"}
_SECONDS = "a number of seconds above 0"
_EXPECTED = {
    "kafka": "host:port, or several, comma-separated",
    "app_id": "at most 60 letters, digits, dots, _ or -",
    "flush_s": _SECONDS,
    "session_timeout_s": _SECONDS,
    "metrics_port": "a port from 0 to 65535",
    "web_port": "a port from 0 to 65535",
    "max_series": "a whole number, at least 1",
    "web_every_days": "a whole number, at least 1",
    "web_hourly_days": "a whole number, at least 1",
    "web_daily_days": "a whole number, at least 1",
    "api_reads_per_min": "a whole number, at least 1",
    "api_writes_per_min": "a whole number, at least 1",
    "api_scores_per_day": "a whole number, at least 1",
    "unsealed_records": "reject or accept",
    "security_protocol": "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL",
    "sasl_mechanism": "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER",
    "ssl_check_hostname": "true or false",
    "insecure": "true or false",
}

Seconds = Annotated[float, msgspec.Meta(gt=0)]
AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class Settings(KafkaSecurity, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of one process; those of TLS and SASL are the fields of ``KafkaSecurity``.

    Attributes:
        kafka: Bootstrap servers, ``host:port[,host:port]``.
        policy: Name of a shipped policy or path of a TOML file.
        state_dir: Folder for keys and local files; created with mode 0700.
        key_source: Where the pseudonym keys are, if not in the state folder: absolute path of a mounted secret folder,
            or address of a secret in the key-value store (version 2) of HashiCorp Vault.
        key_token_file: File that contains the token for Vault.
        key_ca_file: PEM file of the authorities that are trusted for Vault; None for those of the system.
        app_id: Consumer group, and prefix of the transactional ids and changelog topics.
        flush_s: Time between two transactions of a lane.
        session_timeout_s: A worker silent for longer loses its partitions.
        metrics_host: Address of ``/metrics``, ``/livez`` and ``/readyz``.
        metrics_port: Port of the same; 0 takes a free one.
        web_config: Web configuration file of Prometheus's format: TLS and passwords of the pages; None for none.
        web_token_file: File that contains a bearer token for the pages; None for none.
        record_key_file: File that contains the key of all workers, one line of at least 32 characters: it seals what
            they write to internal topics, so that nobody else can. None seals nothing.
        other_record_key_file: File that contains a second such key, whose seals are accepted too, while the key is
            changed; None for none.
        unsealed_records: ``reject`` records without such a seal, or ``accept`` them, while not all workers have the
            key.
        max_series: Most fairness series that one process may export.
        log_level: Level of the process log on stderr.
        registry_url: Address of the schema registry, up to what precedes ``/schemas``; for topics in Avro, Protobuf or
            JSON Schema.
        registry_username: User of the registry, for basic authentication.
        registry_password_file: File that contains the password of that user.
        registry_ca_file: PEM file of the authorities that are trusted for the registry; None for those of the system.
        registry_certificate_file: PEM file of the client's certificate chain for the registry.
        registry_key_file: PEM file of the client's private key; None if it is in the certificate file.
        audit_anchor_dir: Second folder for the checkpoints of the audit log, out of reach of its writer; None for none.
        audit_witness_url: Address of a witness, up to what precedes ``/add-checkpoint``; None for none.
        audit_witness_key: Verifier key of the witness, or a file that contains it.
        web_host: Address on which the web application listens.
        web_port: Port of the same; 0 takes a free one.
        web_url: Address under which people reach it, ``https://HOST[:PORT]``, where a proxy is in front of it.
        web_every_days: Days for which the web application keeps every result; of an older hour it keeps the worst.
        web_hourly_days: Days for which it keeps the worst result of each hour; of an older day it keeps the worst one.
        web_daily_days: Days for which it keeps the worst result of each day.
        api_reads_per_min: Reading requests to the API of the web application that each token may make in a minute.
        api_writes_per_min: Other requests, likewise.
        api_scores_per_day: Different queries to the scoring model in 24 hours by which a token is suspected of copying
            it.
        database_url: Its database, ``postgresql://USER@HOST:PORT/NAME``; None for SQLite in the state folder.
        database_password_file: File that contains the password of that database's user.
        oidc_issuer: Issuer of an OpenID Connect provider by which people may log in; None for none.
        oidc_client_id: What the provider calls the web application.
        oidc_client_secret_file: File that contains the secret of that client.
        oidc_ca_file: PEM file of the authorities that are trusted for the provider; None for those of the system.
        oidc_roles_claim: Claim of its ID token that has roles or groups.
        oidc_roles: Roles by value of that claim, ``VALUE=ROLE,VALUE=ROLE``; other values give none.
    """

    kafka: Servers = "127.0.0.1:9092"
    policy: str = "loans"
    state_dir: str = ".fairstream"
    key_source: str | None = None
    key_token_file: str | None = None
    key_ca_file: str | None = None
    app_id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,60}$")] = "fairstream"
    flush_s: Seconds = 1.0
    session_timeout_s: Seconds = 10.0
    metrics_host: str = "127.0.0.1"
    metrics_port: Port = 9464
    web_config: str | None = None
    web_token_file: str | None = None
    record_key_file: str | None = None
    other_record_key_file: str | None = None
    unsealed_records: Literal["reject", "accept"] = "reject"
    max_series: AtLeastOne = 10_000
    log_level: str = "info"
    registry_url: str | None = None
    registry_username: str | None = None
    registry_password_file: str | None = None
    registry_ca_file: str | None = None
    registry_certificate_file: str | None = None
    registry_key_file: str | None = None
    audit_anchor_dir: str | None = None
    audit_witness_url: str | None = None
    audit_witness_key: str | None = None
    web_host: str = "127.0.0.1"
    web_port: Port = 8600
    web_url: str | None = None
    web_every_days: AtLeastOne = 7
    web_hourly_days: AtLeastOne = 35
    web_daily_days: AtLeastOne = 1100
    api_reads_per_min: AtLeastOne = 12_000
    api_writes_per_min: AtLeastOne = 100
    api_scores_per_day: AtLeastOne = 10_000
    database_url: str | None = None
    database_password_file: str | None = None
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret_file: str | None = None
    oidc_ca_file: str | None = None
    oidc_roles_claim: str = "roles"
    oidc_roles: str | None = None

    @property
    def registry(self) -> SchemaRegistry | None:
        """The schema registry, and how it is reached; None without one."""
        if self.registry_url is None:
            return None
        return SchemaRegistry(
            url=self.registry_url,
            username=self.registry_username,
            password_file=self.registry_password_file,
            ca_file=self.registry_ca_file,
            certificate_file=self.registry_certificate_file,
            key_file=self.registry_key_file,
            insecure=self.insecure,
        )

    @property
    def connection(self) -> KafkaConnection:
        """The Kafka of this process, and how it is reached; what connects takes this, not ``kafka`` alone."""
        names = KafkaSecurity.__struct_fields__
        return KafkaConnection(self.kafka, KafkaSecurity(**{name: getattr(self, name) for name in names}))


def load_settings(environ: Mapping[str, str], **flags: Any) -> Settings:
    """Join defaults, file, environment and flags into settings.

    Args:
        environ: The process environment; only ``FAIRSTREAM_*`` is read.
        flags: Values given on the command line; ``None`` means not given.

    Raises:
        ConfigError: with the flag, the variable or the file, and what was expected.

    >>> load_settings({"FAIRSTREAM_KAFKA": "broker:9092"}, policy="loanapp").kafka
    'broker:9092'
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}  # of each value: what a person has to change
    if path := environ.get(PREFIX + "SETTINGS"):
        values |= _read_file(Path(path))
        origins |= {name: f"{name} in {path}" for name in values}
    for variable, text in environ.items():
        name = variable.removeprefix(PREFIX)
        if name == variable or name in _NOT_SETTINGS:
            continue
        field = _SHORT.get(name, name.lower())
        if field not in Settings.__struct_fields__:
            raise _unknown(variable, _variables())
        values[field], origins[field] = text, variable
    given = {name: value for name, value in flags.items() if value is not None}
    values |= given
    origins |= {name: "--" + name.replace("_", "-") for name in given}
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        name = str(error).rpartition("`$.")[2].rstrip("`")
        expected = _EXPECTED.get(name, "text")
        raise ConfigError(f"Invalid {origins[name]}: expected {expected}, got {values[name]!r}") from None


def connection_environ(environ: Mapping[str, str], connection: KafkaConnection) -> dict[str, str]:
    """Return an environment in which a process connects like this one, whatever the given one says about Kafka.

    >>> connection_environ({"FAIRSTREAM_INSECURE": "true"}, KafkaConnection("127.0.0.1:1"))
    {'FAIRSTREAM_KAFKA': '127.0.0.1:1'}
    """
    fields = msgspec.structs.asdict(connection.security)
    kept = {name: text for name, text in environ.items() if name.removeprefix(PREFIX).lower() not in fields}
    given = {
        PREFIX + name.upper(): str(value).lower() if isinstance(value, bool) else value
        for name, value in fields.items()
        if value is not None and value is not getattr(KafkaSecurity(), name)
    }
    return kept | given | {PREFIX + "KAFKA": connection.servers}


def settings_environ(environ: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Return an environment in which a process has these settings, whatever the given one says.

    >>> settings_environ({"FAIRSTREAM_APP_ID": "other", "HOME": "/"}, Settings(insecure=True, policy="credit"))
    {'HOME': '/', 'FAIRSTREAM_INSECURE': 'true', 'FAIRSTREAM_POLICY': 'credit'}
    """
    kept = {name: text for name, text in environ.items() if not name.startswith(PREFIX)}
    default = Settings()
    for field in Settings.__struct_fields__:
        value = getattr(settings, field)
        if value is not None and value != getattr(default, field):
            kept[_variable(field)] = str(value).lower() if isinstance(value, bool) else str(value)
    return kept


def _variable(field: str) -> str:
    return PREFIX + next((name for name, named in _SHORT.items() if named == field), field.upper())


def _variables() -> list[str]:
    return [_variable(field) for field in Settings.__struct_fields__]


def _unknown(name: str, known: Iterable[str], *, where: str = "") -> ConfigError:
    close = difflib.get_close_matches(name, list(known), n=1)
    suggestion = f" (did you mean {close[0]}?)" if close else ""
    return ConfigError(f"Unknown setting {name}{where}{suggestion}", action="Known: " + ", ".join(sorted(known)))


def _read_file(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(read_small_file(path))
    except ConfigError:
        raise
    except OSError as error:
        raise cannot_read(f"the settings file {path}", error) from None
    except ValueError as error:  # not UTF-8, or not TOML
        raise ConfigError(f"The settings file {path} is not valid TOML: {error}") from None
    for name in values:
        if name not in Settings.__struct_fields__:
            raise _unknown(name, Settings.__struct_fields__, where=f" in {path}")
    return values
