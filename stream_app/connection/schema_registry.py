"""Address and security of a schema registry: the value that is passed to what asks it for schemas.

It names the file of the password and never contains one. Nothing is opened here.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from stream_app.connection.kafka_connection import is_loopback
from stream_app.errors import ConfigError

_GUIDE = "See: docs/how-to/formats.md"


class SchemaRegistry(msgspec.Struct, frozen=True, kw_only=True):
    """A schema registry with Confluent's interface, and how it is reached.

    Attributes:
        url: Its address, up to what precedes ``/schemas``.
        username: User of basic authentication; None without.
        password_file: File that contains the password.
        ca_file: PEM file of the authorities that are trusted; None for those of the system.
        certificate_file: PEM file of the client's certificate chain, for mutual TLS.
        key_file: PEM file of the client's private key; None if it is in the certificate file.
        insecure: Accept a registry that others can read or impersonate.
    """

    url: str
    username: str | None = None
    password_file: str | None = None
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None
    insecure: bool = False

    def checked(self) -> SchemaRegistry:
        """Return this registry if its fields fit together, and it is secure or accepted as insecure.

        Raises:
            ConfigError: they do not, or others could read the password or change the schemas.
        """
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise ConfigError(
                "Invalid registry_url: expected an address that begins with https://, without user and password",
                action=_GUIDE,
            )
        if (self.username is None) != (self.password_file is None):
            raise ConfigError("registry_username and registry_password_file need each other", action=_GUIDE)
        if self.key_file is not None and self.certificate_file is None:
            raise ConfigError("registry_key_file needs a registry_certificate_file", action=_GUIDE)
        if parts.scheme == "http" and (self.ca_file or self.certificate_file):
            raise ConfigError("registry_url without TLS: certificate files have no effect", action=_GUIDE)
        if self.is_weak and not self.insecure:
            raise ConfigError(
                f"Insecure schema registry: the connection to {parts.hostname} is not encrypted",
                action="Use https, or accept the risk with --insecure (FAIRSTREAM_INSECURE=true)",
            )
        return self

    @property
    def is_weak(self) -> bool:
        """Whether others on the network could read the password or change the schemas.

        >>> SchemaRegistry(url="http://registry:8081").is_weak, SchemaRegistry(url="http://localhost:8081").is_weak
        (True, False)
        """
        parts = urlsplit(self.url)
        return parts.scheme == "http" and not is_loopback(parts.hostname or "")
