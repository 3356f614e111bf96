"""Asks a schema registry with Confluent's interface for schemas by id. Every call may block for some seconds."""

from __future__ import annotations

import base64
import http.client
import re
import ssl
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from stream_app.connection.kafka_connection import KafkaSecurity
from stream_app.connection.schema_registry import SchemaRegistry
from stream_app.connection.secret_file import read_secret
from stream_app.connection.tls import FileContext, has_expired
from stream_app.errors import ConfigError, RegistryUnavailableError

_TIMEOUT_S = 10.0
_MAX_BYTES = 4_000_000
_MAX_REFERENCES = 200
_NO_SCHEMA = 2**31 - 1  # an id that no registry has reached
# https://docs.confluent.io/platform/current/schema-registry/develop/api.html: no such schema, subject, version
_NOT_FOUND = (40403, 40401, 40402)


class UnknownSchemaError(Exception):
    """The registry has no such schema."""


class _Reference(msgspec.Struct, frozen=True):
    name: str
    subject: str
    version: int


class _Answer(msgspec.Struct, frozen=True):
    schema: str
    schemaType: str = "AVRO"  # noqa: N815 - of the interface
    references: tuple[_Reference, ...] = ()


class _Version(msgspec.Struct, frozen=True):
    subject: str


@dataclass(frozen=True)
class SchemaText:
    """A schema as it is registered.

    Attributes:
        kind: ``AVRO``, ``PROTOBUF`` or ``JSON``.
        text: The schema.
        references: Name and text of every schema that it refers to, each before those that refer to it.
    """

    kind: str
    text: str
    references: dict[str, str]


class RegistryClient:
    """Asks one registry.

    Args:
        registry: Address and security.

    Raises:
        ConfigError: a certificate file cannot be used.
    """

    def __init__(self, registry: SchemaRegistry) -> None:
        self._registry = registry.checked()
        handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
        if registry.url.startswith("https"):
            files = KafkaSecurity(
                security_protocol="SSL",
                ssl_ca_file=registry.ca_file,
                ssl_certificate_file=registry.certificate_file,
                ssl_key_file=registry.key_file,
            )
            try:
                handlers.append(urllib.request.HTTPSHandler(context=FileContext(files)))
            except ConfigError as error:  # which has the names of the settings for Kafka
                raise ConfigError(re.sub(r"\bssl_(?=\w+_file\b)", "registry_", error.message)) from None
        self._opener = urllib.request.build_opener(*handlers)

    def check(self) -> None:
        """Check that the registry answers as Confluent's interface does, and accepts this client.

        Raises:
            RegistryUnavailableError: it does not.
        """
        with suppress(UnknownSchemaError):
            self.subjects(_NO_SCHEMA)

    def schema(self, number: int) -> SchemaText:
        """Return a schema by its id.

        Raises:
            UnknownSchemaError: there is none.
            RegistryUnavailableError: the registry does not answer, or not with a schema.
        """
        answer = self._get(f"/schemas/ids/{number}", _Answer)
        references: dict[str, str] = {}
        self._read_references(answer, references)
        return SchemaText(answer.schemaType, answer.schema, references)

    def subjects(self, number: int) -> set[str]:
        """Return the subjects under which a schema is registered, or was before it was deleted.

        Raises:
            UnknownSchemaError: there is no such schema.
            RegistryUnavailableError: the registry does not answer, or not with subjects.
        """
        versions = self._get(f"/schemas/ids/{number}/versions?deleted=true", list[_Version])
        return {version.subject for version in versions}

    def _read_references(self, answer: _Answer, found: dict[str, str], depth: int = 0) -> None:
        for reference in answer.references:
            if reference.name in found:
                continue
            if depth > _MAX_REFERENCES or len(found) >= _MAX_REFERENCES:
                raise RegistryUnavailableError("The schema registry answers with references without end")
            path = f"/subjects/{quote(reference.subject, safe='')}/versions/{reference.version}"
            try:
                inner = self._get(path, _Answer)
            except UnknownSchemaError:  # of a reference: the registry has lost it
                raise RegistryUnavailableError(
                    f"The schema registry lacks version {reference.version} of a schema that another one refers to",
                    action="Register it again",
                ) from None
            self._read_references(inner, found, depth + 1)
            found[reference.name] = inner.schema

    def _get(self, path: str, kind: Any) -> Any:
        headers = {"Accept": "application/vnd.schemaregistry.v1+json, application/json"}
        if self._registry.username is not None:
            headers["Authorization"] = self._credentials(self._registry.username)
        address = self._registry.url.rstrip("/") + path
        request = urllib.request.Request(address, headers=headers)  # noqa: S310  # the scheme was checked
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
                return msgspec.json.decode(answer.read(_MAX_BYTES), type=kind)
        except urllib.error.HTTPError as error:
            with error:
                raise _error_of(error) from None
        except (OSError, http.client.HTTPException) as error:
            cause = error.reason if isinstance(error, urllib.error.URLError) else error
            if isinstance(cause, ssl.SSLCertVerificationError):
                raise RegistryUnavailableError(
                    f"The certificate of the schema registry is not accepted ({cause.verify_message})",
                    action="Check registry_ca_file and registry_url",
                ) from None
            if has_expired(self._registry.certificate_file):
                raise RegistryUnavailableError(
                    "The certificate of this client has expired", action="Renew registry_certificate_file"
                ) from None
            if isinstance(cause, ssl.SSLError) and "ALERT" in (cause.reason or ""):
                raise RegistryUnavailableError(
                    f"The schema registry ends the TLS connection ({cause.reason})",
                    action="Check registry_certificate_file, registry_key_file and whom the registry trusts",
                ) from None
            raise RegistryUnavailableError(
                f"The schema registry does not answer ({type(cause).__name__})", action="Check registry_url"
            ) from None
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise RegistryUnavailableError(
                "The answer of the schema registry is not one of Confluent's interface",
                action="Check the path in registry_url",
            ) from None

    def _credentials(self, username: str) -> str:
        try:
            password = read_secret(self._registry.password_file or "", "registry_password_file")
        except ConfigError as error:  # while the file is replaced
            raise RegistryUnavailableError(error.message, action=error.action) from None
        return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows nothing: the password goes to the address of the setting only."""

    def redirect_request(self, *_: Any) -> None:
        return None


class _Problem(msgspec.Struct, frozen=True):
    error_code: int


def _error_of(error: urllib.error.HTTPError) -> Exception:
    """Return what an answer other than 200 means: only one code of the interface says that there is no schema."""
    if error.code == http.client.NOT_FOUND:
        try:
            problem = msgspec.json.decode(error.read(_MAX_BYTES), type=_Problem)
        except (msgspec.MsgspecError, ValueError, OSError, http.client.HTTPException):
            problem = _Problem(0)
        if problem.error_code in _NOT_FOUND:
            return UnknownSchemaError()
    is_rejected = error.code in (http.client.UNAUTHORIZED, http.client.FORBIDDEN)
    return RegistryUnavailableError(
        f"The schema registry answers with HTTP {error.code}",
        action="Check registry_username and its password" if is_rejected else "Check registry_url",
    )
