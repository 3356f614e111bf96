"""The options of TLS and SASL that aiokafka and kafka-python call by the same names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stream_app.connection.kafka_connection import AnyKafka, KafkaSecurity, as_connection
from stream_app.connection.secret_file import read_secret
from stream_app.connection.tls import file_context

ProviderOf = Callable[[KafkaSecurity], object]


def client_options(kafka: AnyKafka, provider_of: ProviderOf) -> dict[str, Any]:
    """Return the options that every client takes; the password is read here.

    Args:
        kafka: The connection.
        provider_of: Makes what the client asks for access tokens.

    Raises:
        ConfigError: the connection is incomplete or insecure, or a file cannot be used.
    """
    connection = as_connection(kafka)
    return {"bootstrap_servers": connection.addresses, **security_options(connection.security, provider_of)}


def security_options(security: KafkaSecurity, provider_of: ProviderOf) -> dict[str, Any]:
    """Return the options of TLS and SASL; arguments and errors as above."""
    options: dict[str, Any] = {"security_protocol": security.protocol}
    if security.is_encrypted:
        options["ssl_context"] = file_context(security)
    if security.sasl_mechanism is None:
        return options
    options["sasl_mechanism"] = security.sasl_mechanism
    if security.sasl_mechanism == "OAUTHBEARER":
        return options | {"sasl_oauth_token_provider": provider_of(security)}
    return options | {
        "sasl_plain_username": security.sasl_username,
        "sasl_plain_password": read_secret(security.sasl_password_file or "", "sasl_password_file"),
    }
