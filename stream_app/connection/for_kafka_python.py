"""A connection as options of kafka-python's clients."""

from __future__ import annotations

from typing import Any

from kafka.net.sasl.oauth import AbstractTokenProvider

from stream_app.connection import python_options
from stream_app.connection.kafka_connection import AnyKafka, KafkaSecurity
from stream_app.connection.oauth import token_source


class _TokenProvider(AbstractTokenProvider):  # type: ignore[misc]  # kafka-python is not typed
    def __init__(self, security: KafkaSecurity) -> None:
        super().__init__()
        self._source = token_source(security)

    def token(self) -> str:
        return self._source.token()


def _checked_provider(security: KafkaSecurity) -> _TokenProvider:
    token_source(security).token()  # in the client's own thread a failure would only be logged
    return _TokenProvider(security)


def kafka_python_options(kafka: AnyKafka) -> dict[str, Any]:
    """Return the options that every client of kafka-python takes; the password is read here.

    Raises:
        ConfigError: the connection is incomplete or insecure, or a file cannot be used.
        BrokerUnavailableError: there is no access token.
    """
    return python_options.client_options(kafka, _checked_provider)


def security_options(security: KafkaSecurity) -> dict[str, Any]:
    """Return the options of TLS and SASL."""
    return python_options.security_options(security, _checked_provider)
