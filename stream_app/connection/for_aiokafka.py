"""A connection as options of aiokafka's clients, and clients that read a rotated password."""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka.abc import AbstractTokenProvider
from aiokafka.client import AIOKafkaClient

from stream_app.connection.kafka_connection import AnyKafka, KafkaSecurity, as_connection
from stream_app.connection.oauth import token_source
from stream_app.connection.python_options import client_options
from stream_app.connection.secret_file import read_secret
from stream_app.errors import BrokerUnavailableError, ConfigError


class TokenProvider(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka is not typed
    """Passes tokens on; the request is made outside of the event loop."""

    def __init__(self, security: KafkaSecurity) -> None:
        self._source = token_source(security)

    async def token(self) -> str:
        """Return a valid token.

        Raises:
            BrokerUnavailableError: there is none; aiokafka takes it as a connection that failed, and tries again.
        """
        try:
            return await asyncio.to_thread(self._source.token)
        except ConfigError as error:
            raise BrokerUnavailableError(error.message, action=error.action) from None


def aiokafka_options(kafka: AnyKafka) -> dict[str, Any]:
    """Return the options that every client of aiokafka takes.

    Raises:
        ConfigError: the connection is incomplete or insecure, or a file cannot be used.
    """
    return client_options(kafka, TokenProvider)


class _RereadingClient(AIOKafkaClient):  # type: ignore[misc]  # aiokafka is not typed
    """A client that reads the password again for each connection. It leans on an attribute of aiokafka 0.14."""

    password_file: str
    first_password: str

    @property
    def _sasl_plain_password(self) -> str:
        try:
            return read_secret(self.password_file, "sasl_password_file")
        except ConfigError:  # while the file is replaced
            return self.first_password


def reread_password(client: Any, kafka: AnyKafka) -> None:
    """Make an aiokafka client, which reads its password once, read it for each connection that it makes."""
    security = as_connection(kafka).security
    if security.sasl_password_file is not None:
        client.first_password = client.__dict__.pop("_sasl_plain_password")
        client.password_file = security.sasl_password_file
        client.__class__ = _RereadingClient
