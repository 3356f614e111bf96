"""A connection as credentials of a Faust app."""

from __future__ import annotations

from faust.auth import OAuthCredentials, SASLCredentials, SSLCredentials
from faust.types.auth import CredentialsT

from stream_app.connection.for_aiokafka import TokenProvider
from stream_app.connection.kafka_connection import AnyKafka, as_connection
from stream_app.connection.secret_file import read_secret
from stream_app.connection.tls import file_context


def faust_credentials(kafka: AnyKafka) -> CredentialsT | None:
    """Return what Faust takes as ``broker_credentials``; None for a connection without security.

    Faust derives the protocol from what it gets: without a context, SASL is in plaintext. So a context is passed
    exactly if the connection is encrypted.

    Raises:
        ConfigError: the connection is incomplete or insecure, or a file cannot be used.
    """
    security = as_connection(kafka).security
    context = file_context(security) if security.is_encrypted else None
    if security.sasl_mechanism == "OAUTHBEARER":
        return OAuthCredentials(oauth_cb=TokenProvider(security), ssl_context=context)
    if security.sasl_mechanism is not None:
        return SASLCredentials(
            username=security.sasl_username,
            password=read_secret(security.sasl_password_file or "", "sasl_password_file"),
            mechanism=security.sasl_mechanism,
            ssl_context=context,
        )
    return None if context is None else SSLCredentials(context)
