"""Access tokens of the OAuth client credentials grant (RFC 6749, section 4.4), for SASL OAUTHBEARER (KIP-255, KIP-768).

A token is used until four fifths of its life have passed. The file of the client secret is read for each request.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import threading
import time
import urllib.error
import urllib.request
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from stream_app.connection.kafka_connection import KafkaSecurity
from stream_app.connection.secret_file import read_secret
from stream_app.connection.tls import trust
from stream_app.errors import BrokerUnavailableError, ConfigError

_TIMEOUT_S = 10.0
_MAX_BYTES = 1_000_000
_USED_SHARE = 0.8
_DEFAULT_LIFE_S = 300.0  # of a token whose answer does not say


class TokenSource:
    """Requests access tokens for one client, and keeps the last one while it is valid.

    Args:
        security: Endpoint, client id and the file of the secret.
    """

    def __init__(self, security: KafkaSecurity) -> None:
        self._security = security
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at_s = float("-inf")

    def token(self) -> str:
        """Return a valid token; may block for some seconds.

        Raises:
            BrokerUnavailableError: the endpoint does not answer, or gives no token.
            ConfigError: the file of the secret cannot be read, or the address is not one of HTTP.
        """
        with self._lock:
            if time.monotonic() >= self._renew_at_s:
                self._token, life_s = request_token(self._security)
                self._renew_at_s = time.monotonic() + _USED_SHARE * life_s
            return self._token


@lru_cache(maxsize=16)
def token_source(security: KafkaSecurity) -> TokenSource:
    """Return the one source of a connection: a worker has dozens of clients, and they share a token."""
    return TokenSource(security)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows nothing: the secret goes to the address of the setting only."""

    def redirect_request(self, *_: Any) -> None:
        return None


def request_token(security: KafkaSecurity) -> tuple[str, float]:
    """Request a token; return it, and the seconds for which it is valid.

    Raises:
        BrokerUnavailableError: the endpoint does not answer, or gives no token.
        ConfigError: the file of the secret cannot be read, or the address is not one of HTTP.
    """
    url, client_id = security.oauth_token_url or "", security.oauth_client_id or ""
    if urlsplit(url).scheme not in ("http", "https"):
        raise ConfigError("Invalid oauth_token_url: expected an address that begins with https://")
    secret = read_secret(security.oauth_client_secret_file or "", "oauth_client_secret_file")
    form = {"grant_type": "client_credentials"} | ({"scope": security.oauth_scope} if security.oauth_scope else {})
    # RFC 6749, section 2.3.1: both parts are form-encoded before they are joined.
    credentials = base64.b64encode(f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()).decode()
    request = urllib.request.Request(  # noqa: S310  # the scheme was checked
        url,
        urlencode(form).encode(),
        {"Authorization": f"Basic {credentials}", "Accept": "application/json"},
    )
    opener = urllib.request.build_opener(
        _NoRedirects, urllib.request.HTTPSHandler(context=trust(security.oauth_ca_file, "oauth_ca_file"))
    )
    try:
        with opener.open(request, timeout=_TIMEOUT_S) as answer:
            return _token_of(json.loads(answer.read(_MAX_BYTES)))
    except urllib.error.HTTPError as error:
        error.close()
        is_rejected = error.code in (400, 401, 403)
        raise BrokerUnavailableError(
            f"No access token: the token endpoint answers with HTTP {error.code}",
            action="Check oauth_client_id, its secret and oauth_scope" if is_rejected else "Check oauth_token_url",
        ) from None
    except (OSError, http.client.HTTPException) as error:
        cause = getattr(error, "reason", error)
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise BrokerUnavailableError(
                f"No access token: the certificate of the token endpoint is not accepted ({cause.verify_message})",
                action="Check oauth_ca_file and oauth_token_url",
            ) from None
        raise BrokerUnavailableError(
            f"No access token: the token endpoint does not answer ({type(cause).__name__})",
            action="Check oauth_token_url",
        ) from None
    except ValueError:  # not JSON, or without a token
        raise BrokerUnavailableError(
            "No access token: the answer of the token endpoint has none", action="Check oauth_token_url"
        ) from None


def _token_of(answer: Any) -> tuple[str, float]:
    """Return token and life of an answer.

    Raises:
        ValueError: it has no token.
    """
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
        raise ValueError
    life_s = answer.get("expires_in", _DEFAULT_LIFE_S)
    return token, float(life_s) if isinstance(life_s, int | float) and life_s > 0 else _DEFAULT_LIFE_S
