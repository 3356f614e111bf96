"""A connection as options of kafka-python's clients."""

from __future__ import annotations

from typing import Any

from kafka.net.sasl.oauth import AbstractTokenProvider

from stream_app.connection.kafka_connection import AnyKafka, KafkaSecurity, as_connection
from stream_app.connection.oauth import token_source
from stream_app.connection.secret_file import read_secret
from stream_app.connection.tls import file_context


class _TokenProvider(AbstractTokenProvider):  # type: ignore[misc]  # kafka-python is not typed
    def __init__(self, security: KafkaSecurity) -> None:
        super().__init__()
        self._source = token_source(security)

    def token(self) -> str:
        return self._source.token()


def kafka_python_options(kafka: AnyKafka) -> dict[str, Any]:
    """Return the options that every client of kafka-python takes; the password is read here.

    Raises:
        ConfigError: the connection is incomplete or insecure, or a file cannot be used.
        BrokerUnavailableError: there is no access token.
    """
    connection = as_connection(kafka)
    return {"bootstrap_servers": connection.addresses, **security_options(connection.security)}


def security_options(security: KafkaSecurity) -> dict[str, Any]:
    """Return the options of TLS and SASL."""
    options: dict[str, Any] = {"security_protocol": security.protocol}
    if security.is_encrypted:
        options["ssl_context"] = file_context(security)
    if security.sasl_mechanism is None:
        return options
    options["sasl_mechanism"] = security.sasl_mechanism
    if security.sasl_mechanism == "OAUTHBEARER":
        token_source(security).token()  # in the client's own thread a failure would only be logged
        return options | {"sasl_oauth_token_provider": _TokenProvider(security)}
    return options | {
        "sasl_plain_username": security.sasl_username,
        "sasl_plain_password": read_secret(security.sasl_password_file or "", "sasl_password_file"),
    }
