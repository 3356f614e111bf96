"""A connection as settings of confluent-kafka's clients (librdkafka).

librdkafka reads certificates and passwords once, when a client is made: a rotated file needs a new client.
"""

from __future__ import annotations

import time
from typing import Any

from stream_app.connection.kafka_connection import AnyKafka, KafkaSecurity, as_connection
from stream_app.connection.oauth import token_source
from stream_app.connection.secret_file import read_secret
from stream_app.extras import import_extra

_ASK_AGAIN_S = 60.0  # the token source keeps a token for as long as it is valid


def confluent_settings(kafka: AnyKafka) -> dict[str, Any]:
    """Return the settings that every client of confluent-kafka takes; the password is read here.

    Raises:
        ConfigError: the connection is incomplete or insecure, or a file cannot be used.
    """
    connection = as_connection(kafka)
    return {"bootstrap.servers": connection.servers, **_security_settings(connection.security)}


def import_confluent() -> Any:
    """Return confluent-kafka, which is an extra.

    Raises:
        DependencyMissingError: it is not installed.
    """
    return import_extra("confluent_kafka", "This transport")


def _security_settings(security: KafkaSecurity) -> dict[str, Any]:
    settings: dict[str, Any] = {"security.protocol": security.protocol}
    if security.is_encrypted:
        settings |= _tls_settings(security)
    if security.sasl_mechanism is None:
        return settings
    settings["sasl.mechanism"] = security.sasl_mechanism
    if security.sasl_mechanism == "OAUTHBEARER":
        source = token_source(security)
        return settings | {"oauth_cb": lambda _: (source.token(), time.time() + _ASK_AGAIN_S)}
    return settings | {
        "sasl.username": security.sasl_username,
        "sasl.password": read_secret(security.sasl_password_file or "", "sasl_password_file"),
    }


def _tls_settings(security: KafkaSecurity) -> dict[str, Any]:
    files = {
        "ssl.ca.location": security.ssl_ca_file,
        "ssl.certificate.location": security.ssl_certificate_file,
        "ssl.key.location": security.ssl_key_file or security.ssl_certificate_file,
    }
    settings = {name: path for name, path in files.items() if path is not None}
    settings["ssl.endpoint.identification.algorithm"] = "https" if security.ssl_check_hostname else "none"
    if security.ssl_key_password_file is not None:
        settings["ssl.key.password"] = read_secret(security.ssl_key_password_file, "ssl_key_password_file")
    return settings
