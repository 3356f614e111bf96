"""Seals a text to the public keys of several auditors: each of them can open it, and nobody else.

    dek   = 32 random bytes
    body  = AES-256-GCM(dek, nonce, padded text, context)
    share = HPKE.Seal(public key, info = "fairstream/seal/v1|" + SHA256(context), dek)      for each auditor

HPKE in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM. The context is not secret; a body or a
share that is moved to another context cannot be opened. The text is padded, so its length says little. Base mode does
not prove who sealed: anybody can who knows the public keys.

Source: RFC 9180 (HPKE), sections 5.1.1 and 6; NIST SP 800-38D (GCM).
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from stream_app.policy.values.auditor_keys import key_bytes, key_text

KEY_BYTES, NONCE_BYTES = 32, 12
PAD_BYTES = 4096

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_INFO = b"fairstream/seal/v1|"


class SealError(ValueError):
    """It cannot be opened: sealed to others, moved to another context, or changed. Which of these is not said."""


@dataclass(frozen=True)
class Sealed:
    """A sealed text.

    Attributes:
        shares: By key id of each auditor the key of the body, sealed to that auditor.
        nonce: Nonce of the body, 12 bytes.
        body: The encrypted text.
    """

    shares: Mapping[str, bytes]
    nonce: bytes
    body: bytes


class AuditorKey:
    """The private key of an auditor.

    Args:
        secret: 32 random bytes; never shown by ``repr``.
    """

    def __init__(self, secret: bytes) -> None:
        self.private = X25519PrivateKey.from_private_bytes(secret)
        self.public = key_text(self.private.public_key().public_bytes_raw())
        self.kid = kid_of(self.public)

    def __repr__(self) -> str:
        return f"AuditorKey(kid={self.kid!r}, secret=***)"


def kid_of(public: str) -> str:
    """Return the id of a public key: 8 base32 characters of its SHA-256.

    >>> kid_of(key_text(bytes(32)))
    'mzuhvlpy'
    """
    return b32encode(hashlib.sha256(key_bytes(public)).digest())[:8].decode().lower()


def seal(text: bytes, context: bytes, auditors: Iterable[str], entropy: Callable[[int], bytes]) -> Sealed:
    """Seal a text.

    Args:
        text: The text; it may not end with NUL bytes.
        context: What it belongs to.
        auditors: Public keys, at least one.
        entropy: Returns a number of random bytes; each call of HPKE draws more from the library itself.
    """
    dek, nonce = entropy(KEY_BYTES), entropy(NONCE_BYTES)
    padded = text + bytes(-len(text) % PAD_BYTES)
    shares = {
        kid_of(public): _SUITE.encrypt(dek, X25519PublicKey.from_public_bytes(key_bytes(public)), _info(context))
        for public in auditors
    }
    return Sealed(shares, nonce, AESGCM(dek).encrypt(nonce, padded, context))


def unseal(sealed: Sealed, context: bytes, key: AuditorKey) -> bytes:
    """Open a sealed text.

    Raises:
        SealError: it is not sealed to this key, was moved to another context, or was changed.

    >>> import secrets
    >>> key = AuditorKey(secrets.token_bytes(32))
    >>> sealed = seal(b"text", b"alert 1", [key.public], secrets.token_bytes)
    >>> unseal(sealed, b"alert 1", key)
    b'text'
    >>> unseal(sealed, b"alert 2", key)
    Traceback (most recent call last):
    stream_app.core.privacy.sealing.SealError: It cannot be opened with this key
    """
    try:
        dek = _SUITE.decrypt(sealed.shares[key.kid], key.private, _info(context))
        return AESGCM(dek).decrypt(sealed.nonce, sealed.body, context).rstrip(b"\0")
    except (InvalidTag, KeyError, ValueError, TypeError):
        raise SealError("It cannot be opened with this key") from None


def _info(context: bytes) -> bytes:
    return _INFO + hashlib.sha256(context).digest()
