"""Tokens of a provider that somebody has forged or changed."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.web.provider import Provider, encoded, signed

OTHER_KEY = rsa.generate_private_key(65537, 2048)


def expired(_header: dict[str, Any], claims: dict[str, Any]) -> None:
    """Let the token have ended a minute ago."""
    claims["exp"] = int(time.time()) - 60


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Return a token that says that it needs no signature."""
    return signed(None, header | {"alg": "none"}, claims)


def cut(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Return a token without its signature."""
    return signed(None, header, claims)


def by_another_key(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Return a token that another key has signed."""
    return signed(OTHER_KEY, header, claims)


def with_the_public_key_as_secret(provider: Provider) -> Callable[[dict[str, Any], dict[str, Any]], str]:
    """Return the confusion of algorithms: HS256 with what everybody knows."""

    def forge(header: dict[str, Any], claims: dict[str, Any]) -> str:
        public = provider.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        parts = (header | {"alg": "HS256"}, claims)
        content = ".".join(encoded(json.dumps(part).encode()) for part in parts)
        return f"{content}.{encoded(hmac.digest(public, content.encode(), sha256))}"

    return forge


def with_own_key_in_header(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Return a token that names the key by which to verify it."""
    numbers = OTHER_KEY.public_key().public_numbers()
    jwk = {"kty": "RSA", "n": encoded(numbers.n.to_bytes(256)), "e": encoded(numbers.e.to_bytes(3))}
    return signed(OTHER_KEY, header | {"jwk": jwk, "jku": "http://127.0.0.1:1/keys"}, claims)


def changed(**values: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    """Return a change of claims; None removes one."""

    def change(_header: dict[str, Any], claims: dict[str, Any]) -> None:
        claims.update(values)
        for name, value in values.items():
            if value is None:
                del claims[name]

    return change
