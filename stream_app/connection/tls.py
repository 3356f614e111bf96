"""TLS contexts whose certificate files are read again when they change.

Client libraries take a context once and make every connection with it. Certificates live for weeks or hours, workers
for longer: so the context that a client gets checks its files each time that it makes a connection.
"""

from __future__ import annotations

import datetime as dt
import logging
import ssl
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from stream_app.connection.kafka_connection import KafkaSecurity
from stream_app.connection.secret_file import read_secret
from stream_app.errors import ConfigError

log = logging.getLogger(__name__)

_Stamp = tuple[tuple[int, int] | None, ...]


class FileContext(ssl.SSLContext):
    """A client context made from files; a connection that is made after a file has changed uses the new one.

    Files that cannot be used, such as a certificate that was replaced before its key, leave the context as it was.

    Args:
        security: Names the files.

    Raises:
        ConfigError: a file cannot be read or used.
    """

    def __new__(cls, security: KafkaSecurity) -> Self:  # noqa: ARG004, D102  # what __init__ gets
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self, security: KafkaSecurity) -> None:
        self._security = security
        self._stamp = _stamp_of(security)
        self._context = make_context(security)

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """Begin a connection of asyncio."""
        return self._current().wrap_bio(*args, **kwargs)

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        """Begin a connection on a socket."""
        return self._current().wrap_socket(*args, **kwargs)

    def _current(self) -> ssl.SSLContext:
        stamp = _stamp_of(self._security)
        if stamp != self._stamp:
            try:
                self._context, self._stamp = make_context(self._security), stamp
                log.info("Certificate files were read again")
            except ConfigError as error:
                log.warning("Changed certificate files cannot be used, continuing with the earlier ones: %s", error)
        return self._context


@lru_cache(maxsize=16)
def file_context(security: KafkaSecurity) -> FileContext:
    """Return the one context of a connection: a worker has dozens of clients, and they share it.

    Raises:
        ConfigError: a file cannot be read or used.
    """
    return FileContext(security)


def make_context(security: KafkaSecurity) -> ssl.SSLContext:
    """Return a context of the files as they are: TLS 1.2 or later, the broker's certificate is verified.

    Raises:
        ConfigError: a file cannot be read or used.
    """
    context = trust(security.ssl_ca_file, "ssl_ca_file")
    context.check_hostname = security.ssl_check_hostname
    if security.ssl_certificate_file is not None:
        _load_certificate(context, security)
    return context


def trust(ca_file: str | None, setting: str) -> ssl.SSLContext:
    """Return a context that trusts the authorities of a file; those of the system without one.

    Raises:
        ConfigError: the file cannot be read or has no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise ConfigError(f"{setting} {ca_file} has no valid PEM certificate") from None
    except OSError as error:
        raise ConfigError(f"Cannot read {setting} {ca_file}: {error.strerror or type(error).__name__}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _load_certificate(context: ssl.SSLContext, security: KafkaSecurity) -> None:
    certificate, key = security.ssl_certificate_file, security.ssl_key_file
    assert certificate is not None
    password = ""  # never None: OpenSSL would ask for one on the terminal
    if security.ssl_key_password_file is not None:
        password = read_secret(security.ssl_key_password_file, "ssl_key_password_file")
    files = f"ssl_certificate_file {certificate}" + (f" with ssl_key_file {key}" if key else "")
    try:
        context.load_cert_chain(certificate, key, lambda: password)
    except ssl.SSLError as error:
        reason = {"KEY_VALUES_MISMATCH": "the key is not that of the certificate"}.get(error.reason or "")
        raise ConfigError(f"Cannot use {files}: {reason or 'no valid PEM, or another password of the key'}") from None
    except OSError as error:
        raise ConfigError(f"Cannot read {files}: {error.strerror or type(error).__name__}") from None


def has_expired(certificate_file: str | None) -> bool:
    """Return whether the first certificate of a PEM file has expired; a file without one has not.

    A server that rejects it may end the connection before its reason arrives, so the file is asked.
    """
    if certificate_file is None:
        return False
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - slow, and for a failure only

    try:
        certificate = load_pem_x509_certificates(Path(certificate_file).read_bytes())[0]
    except (OSError, ValueError):
        return False
    return certificate.not_valid_after_utc < dt.datetime.now(dt.UTC)


def _stamp_of(security: KafkaSecurity) -> _Stamp:
    """Return what changes when a file is replaced; mounted secrets are links to folders that are replaced."""
    files = (security.ssl_ca_file, security.ssl_certificate_file, security.ssl_key_file, security.ssl_key_password_file)
    return tuple(file_stamp(path) for path in files)


def file_stamp(path: str | None) -> tuple[int, int] | None:
    """Return what changes when a file is replaced or written; None where there is no file."""
    if path is None:
        return None
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
