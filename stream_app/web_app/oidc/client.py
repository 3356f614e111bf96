"""The settings of the login, and what the provider says of itself: addresses and keys."""

from __future__ import annotations

import base64
import http.client
import json
import threading
import time
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import jwt
from django.http import HttpRequest

from stream_app.connection.secret_file import read_secret
from stream_app.connection.tls import trust
from stream_app.errors import ConfigError
from stream_app.settings import Settings
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.oidc.claims import ALGORITHM, LoginRejectedError

_TIMEOUT_S = 10.0
_MAX_BYTES = 1_000_000
_DISCOVERY_S = 3600.0
_KEYS_S = 30.0  # between two questions for keys: a token with an unknown key id is easy to make
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_DISCOVERY = "/.well-known/openid-configuration"
_PLACES = ("authorization_endpoint", "token_endpoint", "jwks_uri")

_clients: list[Client] = []


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows nothing: the secret goes to the address that the provider names only."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Client:
    """One provider, as this application uses it.

    Args:
        settings: Of the process.

    Attributes:
        issuer: The provider.
        client_id: What it calls this application.
        roles_claim: Claim that has roles or groups.
        roles: Roles by value of that claim.
        callback: Address to which it sends people back, where a public one is set.

    Raises:
        ConfigError: a setting is missing or invalid.
    """

    def __init__(self, settings: Settings) -> None:
        self.issuer = _checked_address(settings.oidc_issuer or "", "FAIRSTREAM_OIDC_ISSUER")
        if not settings.oidc_client_id or not settings.oidc_client_secret_file:
            raise ConfigError(
                "FAIRSTREAM_OIDC_ISSUER needs a client",
                action="Set FAIRSTREAM_OIDC_CLIENT_ID and FAIRSTREAM_OIDC_CLIENT_SECRET_FILE",
            )
        self.client_id = settings.oidc_client_id
        self.roles_claim = settings.oidc_roles_claim
        self.roles = parse_roles(settings.oidc_roles or "")
        self._secret_file = settings.oidc_client_secret_file
        read_secret(self._secret_file, "oidc_client_secret_file")
        context = trust(settings.oidc_ca_file, "oidc_ca_file")
        self._opener = urllib.request.build_opener(_NoRedirects, urllib.request.HTTPSHandler(context=context))
        self._lock = threading.Lock()
        self._places: dict[str, Any] = {}
        self._places_until_s = self._keys_from_s = float("-inf")
        self._keys: dict[str, jwt.PyJWK] = {}

    def place(self, name: str) -> str:
        """Return an address of the provider, by its name in the discovery document.

        Raises:
            LoginRejectedError: the provider does not answer, or names none.
        """
        return str(self._discovered()[name])

    def exchange(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """Exchange a code for tokens; the form has what the client library sends.

        Raises:
            LoginRejectedError: the provider does not answer, or rejects it.
        """
        places, secret = self._discovered(), read_secret(self._secret_file, "oidc_client_secret_file")
        fields = {name: str(value) for name, value in form.items()} | {"client_secret": secret}
        headers = {}
        if "client_secret_basic" in places.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
            # RFC 6749, section 2.3.1: both parts are form-encoded before they are joined.
            pair = f"{quote_plus(self.client_id)}:{quote_plus(fields.pop('client_secret'))}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return self._ask(str(places["token_endpoint"]), urlencode(fields).encode(), headers)

    def key(self, key_id: str) -> jwt.PyJWK:
        """Return a key of the provider by its id.

        Raises:
            LoginRejectedError: there is no such key.
        """
        with self._lock:
            if key_id not in self._keys and time.monotonic() >= self._keys_from_s:
                self._keys_from_s = time.monotonic() + _KEYS_S
                self._keys = _keys_of(self._ask(self._places_now()["jwks_uri"]))
            if key_id not in self._keys:
                raise LoginRejectedError("The token is signed with an unknown key")
            return self._keys[key_id]

    def _discovered(self) -> dict[str, Any]:
        with self._lock:
            return self._places_now()

    def _places_now(self) -> dict[str, Any]:
        if time.monotonic() >= self._places_until_s:
            places = self._ask(self.issuer.rstrip("/") + _DISCOVERY)
            if places.get("issuer") != self.issuer:
                raise LoginRejectedError("The identity provider calls itself otherwise than FAIRSTREAM_OIDC_ISSUER")
            try:
                for name in _PLACES:
                    _checked_address(str(places.get(name, "")), name)
            except ConfigError as error:
                raise LoginRejectedError(f"The identity provider names no usable address: {error.message}") from None
            self._places, self._places_until_s = places, time.monotonic() + _DISCOVERY_S
        return self._places

    def _ask(self, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(url, body, {"Accept": "application/json", **(headers or {})})  # noqa: S310
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
                values = json.loads(answer.read(_MAX_BYTES))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise LoginRejectedError(
                f"The identity provider does not answer as expected ({type(error).__name__})"
            ) from None
        if not isinstance(values, dict):
            raise LoginRejectedError("The identity provider does not answer as expected")
        return values


def use(settings: Settings) -> None:
    """Let people log in by the provider of the settings.

    Raises:
        ConfigError: a setting is missing or invalid.
    """
    _clients[:] = [Client(settings)]


def client() -> Client:
    """Return the provider of this process."""
    return _clients[0]


def link(_request: HttpRequest) -> dict[str, bool]:
    """Let every template know whether there is a provider."""
    return {"has_oidc": bool(_clients)}


def parse_roles(text: str) -> dict[str, frozenset[Role]]:
    """Return the roles by value of the claim, from ``VALUE=ROLE,VALUE=ROLE``.

    Raises:
        ConfigError: an entry is invalid, or there is none.

    >>> parse_roles("fair-audit=auditor, fair=viewer")["fair-audit"]
    frozenset({<Role.AUDITOR: 'auditor'>})
    """
    roles: dict[str, frozenset[Role]] = {}
    for entry in text.split(","):
        value, _, name = (part.strip() for part in entry.rpartition("="))
        if not value or name not in set(Role):
            raise ConfigError(
                "Invalid FAIRSTREAM_OIDC_ROLES: nobody would get a role",
                action=f"Expected VALUE=ROLE,VALUE=ROLE with the roles {', '.join(Role)}",
            )
        roles[value] = roles.get(value, frozenset()) | {Role(name)}
    return roles


def _keys_of(values: Mapping[str, Any]) -> dict[str, jwt.PyJWK]:
    keys: dict[str, jwt.PyJWK] = {}
    for entry in values.get("keys", ()):
        if isinstance(entry, dict) and entry.get("kty") == "RSA" and entry.get("use", "sig") == "sig":
            try:
                keys[str(entry.get("kid", ""))] = jwt.PyJWK(entry, algorithm=ALGORITHM)
            except jwt.PyJWTError:
                continue
    return keys


def _checked_address(url: str, name: str) -> str:
    try:
        address = urlsplit(url)
        is_valid = bool(address.hostname) and not address.username and not address.query and not address.fragment
        is_safe = address.scheme == "https" or (address.scheme == "http" and address.hostname in _LOOPBACK)
    except ValueError:
        is_valid = is_safe = False
    if not is_valid or not is_safe:
        raise ConfigError(f"Invalid {name}", action="Expected an address that begins with https://")
    return url
