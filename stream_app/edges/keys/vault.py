"""Reads one field of a secret from the key-value store (version 2) of HashiCorp Vault, by its HTTP interface.

A process asks once, at its start. Nothing of an answer gets into an error.

Source: https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2 (read secret version), /api-docs#error-responses.
"""

from __future__ import annotations

import http.client
import os
import ssl
import stat
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from stream_app.connection.kafka_connection import is_loopback
from stream_app.connection.secret_file import read_secret
from stream_app.connection.tls import trust
from stream_app.errors import ConfigError, KeyFileError, KeysUnavailableError

_TIMEOUT_S = 10.0
_MAX_BYTES = 4_000_000
_GUIDE = "See: docs/how-to/keys.md"


class _Data(msgspec.Struct, frozen=True):
    data: dict[str, Any] | None = None


class _Answer(msgspec.Struct, frozen=True):
    data: _Data


def read_vault_secret(
    address: str, field: str, *, token_file: str | None, ca_file: str | None = None, is_insecure: bool = False
) -> bytes:
    """Return the text in one field of a secret.

    Args:
        address: Of the secret: ``https://HOST:PORT/v1/MOUNT/data/PATH``.
        field: Name of the field.
        token_file: File that contains the token; nobody else may read it.
        ca_file: PEM file of the authorities that are trusted; None for those of the system.
        is_insecure: Accept a Vault that is reached without TLS over a network.

    Raises:
        ConfigError: the address or one of the files cannot be used.
        KeyFileError: the token may not read the secret, or there is no such secret or field.
        KeysUnavailableError: Vault does not answer, is sealed, or answers with something else.
    """
    _check_address(address, is_insecure=is_insecure)
    if token_file is None:
        raise ConfigError("key_source needs a key_token_file", action=_GUIDE)
    _reject_open_token(Path(token_file))
    headers = {"X-Vault-Token": read_secret(token_file, "key_token_file"), "X-Vault-Request": "true"}
    handlers: list[urllib.request.BaseHandler] = [_NoRedirects(), urllib.request.ProxyHandler({})]
    if address.startswith("https"):
        handlers.append(urllib.request.HTTPSHandler(context=trust(ca_file, "key_ca_file")))
    opener = urllib.request.build_opener(*handlers)
    try:
        request = urllib.request.Request(address, headers=headers)  # noqa: S310  # the scheme was checked
        with opener.open(request, timeout=_TIMEOUT_S) as answer:
            secret = msgspec.json.decode(answer.read(_MAX_BYTES), type=_Answer).data.data
    except urllib.error.HTTPError as error:
        with error:
            raise _error_of(error.code) from None
    except (OSError, http.client.HTTPException) as error:
        cause = getattr(error, "reason", error)
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise KeysUnavailableError(
                f"The certificate of Vault is not accepted ({cause.verify_message})",
                action="Check key_ca_file and key_source",
            ) from None
        name = type(cause).__name__ if isinstance(cause, BaseException) else "URLError"
        raise KeysUnavailableError(f"Vault does not answer ({name})", action="Check key_source") from None
    except (msgspec.MsgspecError, ValueError, RecursionError):  # ValueError: a token that no header can carry
        raise KeysUnavailableError(
            "The answer is not that of a secret in Vault's key-value store, version 2",
            action="Check key_source: https://HOST:PORT/v1/MOUNT/data/PATH",
        ) from None
    text = None if secret is None else secret.get(field)
    if not isinstance(text, str):
        raise KeyFileError(f"The secret in Vault has no text in field {field}", action=_GUIDE)
    return text.encode("utf-8", "surrogatepass")


def _check_address(address: str, *, is_insecure: bool) -> None:
    parts = urlsplit(address)
    is_secret = "/data/" in parts.path and parts.path.startswith("/v1/") and not parts.query and not parts.fragment
    if not parts.hostname or parts.username is not None or not is_secret:
        raise ConfigError(
            "Invalid key_source: expected https://HOST:PORT/v1/MOUNT/data/PATH, without user and password",
            action=_GUIDE,
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname) and not is_insecure:
        raise ConfigError(
            f"Insecure key_source: the connection to {parts.hostname} is not encrypted, so others could read the keys",
            action="Use https, or accept the risk with --insecure (FAIRSTREAM_INSECURE=true)",
        )


def _reject_open_token(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # reading it says what is wrong
    if stat.S_ISREG(mode) and mode & 0o007 and os.name == "posix":
        raise KeyFileError(f"key_token_file {path} can be read by others", action=f"chmod 600 {path}")


def _error_of(code: int) -> Exception:
    if code in (http.client.UNAUTHORIZED, http.client.FORBIDDEN):
        return KeyFileError(
            f"Vault denies reading the keys (HTTP {code})",
            action="Check that the token in key_token_file is valid and its policy allows read on this path",
        )
    if code == http.client.NOT_FOUND:
        return KeyFileError(
            "There is no such secret in Vault, or its newest version is deleted (HTTP 404)",
            action="Check key_source, or put the keys there",
        )
    if code == http.client.SERVICE_UNAVAILABLE:
        return KeysUnavailableError("Vault is sealed or in maintenance (HTTP 503)", action="Unseal it and start again")
    return KeysUnavailableError(f"Vault answers with HTTP {code}", action="Check key_source")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows nothing: the token goes to the address of the setting only."""

    def redirect_request(self, *_: Any) -> None:
        return None
