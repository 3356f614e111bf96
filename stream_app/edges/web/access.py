"""Decides who may read a page, by the web configuration and the bearer token of the process.

The format of the web configuration has no bearer token, so the token has a file of its own. A client needs one of the
two, and a certificate if one is required. Probes need neither. All files are read again when they change; files that
cannot be used leave everything as it was.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Any

from stream_app.connection.secret_file import read_secret
from stream_app.connection.tls import file_stamp
from stream_app.edges.web.passwords import Passwords
from stream_app.edges.web.server_tls import names_in, server_context
from stream_app.edges.web.web_config import WebConfig, read_web_config
from stream_app.errors import ConfigError, FairStreamError

_MIN_TOKEN = 16  # characters
_ADVICE = "Make one with: openssl rand -hex 32"
_REALM = 'realm="fairstream"'

log = logging.getLogger(__name__)

_Stamps = tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True)
class _Rules:
    """What the files said when they were read.

    Attributes:
        config: The web configuration.
        context: TLS; None for plain HTTP.
        passwords: The users; None without any.
        token: The bearer token; None without one.
        files: Every file that was read.
        stamps: What they were just before.
    """

    config: WebConfig = field(default_factory=WebConfig)
    context: ssl.SSLContext | None = None
    passwords: Passwords | None = None
    token: bytes | None = None
    files: tuple[str, ...] = ()
    stamps: _Stamps = ()


class WebAccess:
    """The rules of a server; without files everybody may read everything.

    Args:
        config_file: Web configuration file; None or empty for none.
        token_file: File that contains the bearer token alone, on one line; None or empty for none.

    Raises:
        ConfigError: a file cannot be read or used.
        DependencyMissingError: the extra ``web`` is needed and not installed.
    """

    def __init__(self, config_file: str | None = None, token_file: str | None = None) -> None:
        self._config_file, self._token_file = config_file or None, token_file or None
        self._lock = Lock()
        self._complaint = ""
        self._rules = self._read()

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return "http" if self._current().context is None else "https"

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of every answer."""
        return self._current().config.http_server_config.headers

    def context(self) -> ssl.SSLContext | None:
        """Return the TLS context of the next connection; None for plain HTTP."""
        return self._current().context

    def denial(self, authorization: str, certificate: dict[str, Any] | None) -> HTTPStatus | None:
        """Return how a request is denied; None if it is not.

        Args:
            authorization: Its header of this name; empty without one.
            certificate: The verified certificate of the client; None or empty without one.
        """
        rules = self._current()
        tls = rules.config.tls_server_config
        if tls is not None:
            if tls.client_auth_type == "RequireAndVerifyClientCert" and not certificate:
                return HTTPStatus.FORBIDDEN
            if certificate and tls.client_allowed_sans and not names_in(certificate) & {*tls.client_allowed_sans}:
                return HTTPStatus.FORBIDDEN
        return None if _is_authorized(rules, authorization) else HTTPStatus.UNAUTHORIZED

    def challenges(self) -> list[str]:
        """Return what a denied client may send (``WWW-Authenticate``)."""
        rules = self._current()
        schemes = {"Basic": rules.passwords is not None, "Bearer": rules.token is not None}
        return [f"{scheme} {_REALM}" for scheme, is_known in schemes.items() if is_known]

    def warn_if_readable(self, host: str) -> None:
        """Log a warning if passwords or the token would be readable on the network."""
        rules = self._current()
        if rules.context is None and (rules.token or rules.passwords) and not _is_loopback(host):
            log.warning("Passwords and tokens are sent without TLS, others on the network can read them: host=%s", host)

    def _current(self) -> _Rules:
        """Return the rules; those of changed files, as soon as they can be used."""
        with self._lock:
            if _stamps_of(self._rules.files) == self._rules.stamps:
                return self._rules
            try:
                self._rules = self._read()
            except FairStreamError as error:
                if str(error) != self._complaint:
                    log.warning("Changed files about web access cannot be used, the earlier ones apply: %s", error)
                self._complaint = str(error)
            else:
                self._complaint = ""
                log.info("Files about web access were read again")
            return self._rules

    def _read(self) -> _Rules:
        own = tuple(file for file in (self._config_file, self._token_file) if file)
        stamps = _stamps_of(own)
        config = WebConfig() if self._config_file is None else read_web_config(Path(self._config_file))
        tls = config.tls_server_config
        of_tls = (
            () if tls is None else tuple(file for file in (tls.cert_file, tls.key_file, tls.client_ca_file) if file)
        )
        stamps += _stamps_of(of_tls)
        return _Rules(
            config,
            None if tls is None else server_context(tls),
            Passwords(config.basic_auth_users) if config.basic_auth_users else None,
            None if self._token_file is None else _read_token(self._token_file),
            own + of_tls,
            stamps,
        )


def _read_token(file: str) -> bytes:
    token = read_secret(file, "web_token_file")
    if not token.isascii() or " " in token:  # a header could not carry it
        raise ConfigError(f"web_token_file {file} has blanks or signs outside ASCII", action=_ADVICE)
    if len(token) < _MIN_TOKEN:
        raise ConfigError(
            f"web_token_file {file} contains a token of fewer than {_MIN_TOKEN} characters",
            action=_ADVICE,
        )
    return token.encode()


def _is_authorized(rules: _Rules, authorization: str) -> bool:
    if rules.token is None and rules.passwords is None:
        return True
    scheme, _, credentials = authorization.strip().partition(" ")
    match scheme.lower():
        case "bearer" if rules.token is not None:
            return hmac.compare_digest(credentials.strip().encode("utf-8", "replace"), rules.token)
        case "basic" if rules.passwords is not None:
            try:
                user, colon, password = base64.b64decode(credentials.strip(), validate=True).partition(b":")
                return bool(colon) and rules.passwords.are_right(user.decode(), password)
            except (binascii.Error, ValueError):
                return False
    return False


def _stamps_of(files: tuple[str, ...]) -> _Stamps:
    return tuple(map(file_stamp, files))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
