"""The TLS context of a server, as a web configuration describes it."""

from __future__ import annotations

import ssl
from typing import Any

from stream_app.edges.web.web_config import TlsConfig
from stream_app.errors import ConfigError

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}


def server_context(tls: TlsConfig) -> ssl.SSLContext:
    """Return a context of the files as they are.

    A client certificate is verified whenever one is sent. Whether a page needs one is decided for each request: a probe
    has none.

    Raises:
        ConfigError: a file cannot be read or used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[tls.min_version or "TLS12"]
    context.maximum_version = _VERSIONS[tls.max_version or "TLS13"]
    context.set_alpn_protocols(["http/1.1"])
    if not tls.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    _load_certificate(context, tls)
    if tls.client_ca_file:
        _load_authorities(context, tls.client_ca_file)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def names_in(certificate: dict[str, Any]) -> set[str]:
    """Return the subject alternative names of a verified certificate.

    >>> sorted(names_in({"subjectAltName": (("DNS", "prometheus"), ("IP Address", "10.0.0.1"))}))
    ['10.0.0.1', 'prometheus']
    """
    return {name for _, name in certificate.get("subjectAltName", ())}


def _load_certificate(context: ssl.SSLContext, tls: TlsConfig) -> None:
    files = f"cert_file {tls.cert_file} with key_file {tls.key_file}"
    try:
        context.load_cert_chain(tls.cert_file, tls.key_file, lambda: "")  # OpenSSL would ask for a password
    except ssl.SSLError as error:
        reason = {"KEY_VALUES_MISMATCH": "the key is not that of the certificate"}.get(error.reason or "")
        raise ConfigError(f"Cannot use {files}: {reason or 'no valid PEM, or an encrypted key'}") from None
    except OSError as error:
        raise ConfigError(f"Cannot read {files}: {error.strerror or type(error).__name__}") from None


def _load_authorities(context: ssl.SSLContext, file: str) -> None:
    try:
        context.load_verify_locations(file)
    except ssl.SSLError:
        raise ConfigError(f"client_ca_file {file} has no valid PEM certificate") from None
    except OSError as error:
        raise ConfigError(f"Cannot read client_ca_file {file}: {error.strerror or type(error).__name__}") from None
