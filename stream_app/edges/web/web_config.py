"""The web configuration file of Prometheus and its exporters (exporter-toolkit, ``web-configuration.md``).

The same file works for Prometheus, Alertmanager, the exporters and FairStream. What this process cannot do is an error
at the start, so that nobody relies on a protection that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from stream_app.errors import ConfigError
from stream_app.extras import import_extra
from stream_app.small_file import read_small_file

_HEADERS = (
    "Content-Security-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-XSS-Protection",
)
_HASH = re.compile(r"\$2[abxy]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}")
_NEEDLESS = {
    "cert": "name a file with cert_file",
    "key": "name a file with key_file",
    "client_ca": "name a file with client_ca_file",
    "cipher_suites": "leave it out; the suites are those of OpenSSL for TLS 1.2 and later",
    "curve_preferences": "leave it out; the curves are those of OpenSSL",
}

ClientAuth = Literal[
    "", "NoClientCert", "RequestClientCert", "RequireAnyClientCert", "VerifyClientCertIfGiven",
    "RequireAndVerifyClientCert",
]  # fmt: skip
TlsVersion = Literal["", "TLS10", "TLS11", "TLS12", "TLS13"]


class TlsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The section ``tls_server_config``, with the names of the format.

    Attributes:
        cert_file: PEM file of the certificate chain.
        key_file: PEM file of its key.
        cert: Certificate in the file itself; not supported.
        key: Key in the file itself; not supported.
        client_auth_type: Whether clients need a certificate.
        client_ca_file: PEM file of the authorities of client certificates.
        client_ca: The same in the file itself; not supported.
        client_allowed_sans: Names of which a client certificate must have one; empty allows all.
        min_version: Oldest version of TLS; 1.2 if empty.
        max_version: Newest version; the newest there is if empty.
        cipher_suites: Not supported.
        prefer_server_cipher_suites: Whether this side chooses the cipher suite.
        curve_preferences: Not supported.
    """

    cert_file: str = ""
    key_file: str = ""
    cert: str = ""
    key: str = ""
    client_auth_type: ClientAuth = ""
    client_ca_file: str = ""
    client_ca: str = ""
    client_allowed_sans: tuple[str, ...] = ()
    min_version: TlsVersion = ""
    max_version: TlsVersion = ""
    cipher_suites: tuple[str, ...] = ()
    prefer_server_cipher_suites: bool = True
    curve_preferences: tuple[str, ...] = ()


class HttpConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The section ``http_server_config``.

    Attributes:
        http2: Whether HTTP/2 may be used; this server has HTTP/1.1 only.
        headers: Headers of every answer.
    """

    http2: bool = True
    headers: dict[str, str] = {}


class WebConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file; one that states nothing protects nothing and is rejected.

    Attributes:
        tls_server_config: TLS; None for plain HTTP.
        http_server_config: Headers.
        basic_auth_users: Hash (bcrypt) of the password of each user; empty for no passwords.
    """

    tls_server_config: TlsConfig | None = None
    http_server_config: HttpConfig = HttpConfig()
    basic_auth_users: dict[str, str] = {}


def read_web_config(path: Path) -> WebConfig:
    """Read and check a file; relative paths in it are relative to its folder.

    Raises:
        ConfigError: it cannot be read, is not of the format, or wants what this process cannot do. The message has no
            value of the file.
        DependencyMissingError: the extra ``web`` is not installed.
    """
    try:
        text = read_small_file(path)
    except ConfigError:
        raise
    except OSError as error:
        raise ConfigError(f"Cannot read web_config {path}: {error.strerror or type(error).__name__}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"web_config {path} is not UTF-8 text") from None
    config = _decode(path, text)
    if config == WebConfig():
        raise ConfigError(
            f"web_config {path} is empty, so everybody could read the pages",
            action="Write tls_server_config or basic_auth_users into it, or leave the setting out",
        )
    if problem := next(_problems(config), None):
        raise ConfigError(f"web_config {path}: {problem[0]}", action=problem[1])
    tls = config.tls_server_config
    if tls is None:
        return config
    files = {name: getattr(tls, name) for name in ("cert_file", "key_file", "client_ca_file")}
    resolved = {name: str(path.parent / file) if file else "" for name, file in files.items()}
    return msgspec.structs.replace(config, tls_server_config=msgspec.structs.replace(tls, **resolved))


def _decode(path: Path, text: str) -> WebConfig:
    import_extra("yaml", "A web configuration")
    try:
        return msgspec.yaml.decode(text, type=WebConfig | None) or WebConfig()
    except msgspec.ValidationError as error:
        raise ConfigError(f"web_config {path}: {error}") from None
    except msgspec.DecodeError as error:
        mark = getattr(error.__context__, "problem_mark", None)  # the text of the error would quote the file
        where = "" if mark is None else f" in line {mark.line + 1}"
        raise ConfigError(f"web_config {path} is not valid YAML{where}") from None


def _problems(config: WebConfig) -> Iterator[tuple[str, str]]:
    tls = config.tls_server_config
    if tls is not None:
        yield from _problems_of_tls(tls)
    for name in config.http_server_config.headers:
        if name not in _HEADERS:
            yield "http_server_config.headers has a header that cannot be set", "Known: " + ", ".join(_HEADERS)
    for value in config.http_server_config.headers.values():
        if not value.isprintable():
            yield "http_server_config.headers has a value with control characters", "Remove them"
    for user, password_hash in config.basic_auth_users.items():
        if not user or ":" in user:
            yield "basic_auth_users has an empty user name, or one with a colon", "Rename the user"
        if not _HASH.fullmatch(password_hash):
            yield "basic_auth_users has a password that is not a bcrypt hash", "Make one with: htpasswd -nBC 10 USER"


def _problems_of_tls(tls: TlsConfig) -> Iterator[tuple[str, str]]:
    for name, instead in _NEEDLESS.items():
        if getattr(tls, name):
            yield f"tls_server_config.{name} is not supported", instead[0].upper() + instead[1:]
    if not tls.cert_file or not tls.key_file:
        yield "tls_server_config needs cert_file and key_file", "Name both"
    if tls.client_auth_type in ("RequestClientCert", "RequireAnyClientCert"):
        yield (
            f"client_auth_type {tls.client_auth_type} accepts certificates that nobody verified",
            "Use VerifyClientCertIfGiven or RequireAndVerifyClientCert",
        )
    verifies = tls.client_auth_type in ("VerifyClientCertIfGiven", "RequireAndVerifyClientCert")
    if verifies != bool(tls.client_ca_file):
        yield "client_ca_file and a client_auth_type that verifies belong together", "Name both, or none"
    if tls.client_allowed_sans and not verifies:
        yield "client_allowed_sans needs a client_auth_type that verifies", "Use RequireAndVerifyClientCert"
    for name in ("min_version", "max_version"):
        if getattr(tls, name) in ("TLS10", "TLS11"):
            yield f"{name} allows no secure version of TLS", "Use TLS12 or TLS13"
    if (tls.min_version, tls.max_version) == ("TLS13", "TLS12"):
        yield "min_version is above max_version", "Exchange them"
