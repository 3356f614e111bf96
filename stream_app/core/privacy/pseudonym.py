"""Keyed pseudonyms.

    K   = HKDF-SHA256(root[kid], info = "fairstream/pseud/v1|" + link_domain)
    tag = HMAC-SHA256(K, len32(type) || type || len32(value) || value)[:16]
    pseudonym = "hm1." + kid + "." + base64url(tag)          (22 characters)

An unkeyed hash of an application number can be inverted by trying all numbers; one under a key that never leaves the
worker cannot. Type and length prefixes separate ("1", "23") from ("12", "3"), the link domain prevents joining a loan's
identifiers to a camera's, and the key is chosen by event time, so a replay gives the same pseudonym.

Source: RFC 2104 (HMAC), RFC 5869 (HKDF); ENISA, Pseudonymization techniques and best practices, 2019.
"""

from __future__ import annotations

import hashlib
import re
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import NamedTuple

import numpy as np
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

KEY_BYTES = 32
TAG_BYTES = 16
PATTERN = re.compile(r"hm1\.[a-z2-7]{6,8}\.[A-Za-z0-9_-]{22}")

_BLOCK_BYTES = 64  # of SHA-256
_DIGEST_BYTES = 32
_IPAD = bytes(value ^ 0x36 for value in range(256))
_OPAD = bytes(value ^ 0x5C for value in range(256))
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_SHORT = 256  # bytes; almost all values are shorter
_length32 = [length.to_bytes(4, "big") for length in range(_SHORT)]


@dataclass(frozen=True)
class RootKey:
    """A root key and the event time from which it is used.

    Attributes:
        kid: Public name of the key, 6 to 8 base32 characters.
        valid_from_s: First event time of its key epoch, seconds since the Unix epoch; the key epoch ends where the next
            one begins.
        secret: 32 random bytes; never shown by ``repr``.
        created_s: When it was created, seconds since the Unix epoch; 0 where that was not noted, before version 0.4.
    """

    kid: str
    valid_from_s: int
    secret: bytes
    created_s: int = 0

    def __repr__(self) -> str:
        return f"RootKey(kid={self.kid!r}, valid_from_s={self.valid_from_s}, secret=***)"

    def fingerprint(self) -> str:
        """Return the part that may be logged: 16 hex digits of the SHA-256 of the secret."""
        return hashlib.sha256(self.secret).hexdigest()[:16]


def derive_key(secret: bytes, purpose: str) -> bytes:
    """Derive a key of 32 bytes for one purpose by HKDF-SHA256 (RFC 5869) with an empty salt."""
    info = b"fairstream/pseud/v1|" + purpose.encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(secret)


def keyed_hash(key: bytes) -> Callable[[bytes], bytes]:
    """Return HMAC-SHA256 under one key as a function ``message -> 32 bytes``.

    The two padded key blocks of RFC 2104 are hashed once; each message then costs two short hashes, about 0.6 times
    as long as ``hmac.digest``.

    >>> import hmac
    >>> keyed_hash(b"k" * 32)(b"message") == hmac.digest(b"k" * 32, b"message", "sha256")
    True
    """
    padded_inner, padded_outer = _padded(key)
    new_inner, new_outer = padded_inner.copy, padded_outer.copy

    def digest(message: bytes) -> bytes:
        inner = new_inner()
        inner.update(message)
        outer = new_outer()
        outer.update(inner.digest())
        return outer.digest()

    return digest


def keyed_hash_of_kind(key: bytes, kind: str) -> Callable[[Iterable[bytes]], list[bytes]]:
    """Return the function that hashes values of one kind, each framed by type and length.

    The type prefix is the same for all, so it is hashed once, with the key.

    >>> framed = (4).to_bytes(4, "big") + b"text" + (2).to_bytes(4, "big") + b"A7"
    >>> keyed_hash_of_kind(b"k" * 32, "text")([b"A7"]) == [keyed_hash(b"k" * 32)(framed)]
    True
    """
    inner, outer = _padded(key)
    inner.update(_length32[len(kind)] + kind.encode())
    new_inner, new_outer, lengths = inner.copy, outer.copy, _length32

    def digests(values: Iterable[bytes]) -> list[bytes]:
        hashed = []
        for value in values:
            length = len(value)
            inner = new_inner()
            inner.update((lengths[length] if length < _SHORT else length.to_bytes(4, "big")) + value)
            outer = new_outer()
            outer.update(inner.digest())
            hashed.append(outer.digest())
        return hashed

    return digests


def encode_tags(kid: str, digests: Iterable[bytes]) -> list[str]:
    """Return digests as pseudonyms, all in one pass.

    >>> encode_tags("abcdef", [bytes(32)])
    ['hm1.abcdef.AAAAAAAAAAAAAAAAAAAAAA']
    """
    blob = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, _DIGEST_BYTES)
    # 18 bytes are 24 characters without padding: one call encodes all, and the first 22 of each 24 are the tag.
    padded = np.zeros((len(blob), 18), np.uint8)
    padded[:, :TAG_BYTES] = blob[:, :TAG_BYTES]
    text = b2a_base64(padded.tobytes(), newline=False).translate(_URL_SAFE)
    prefix = f"hm1.{kid}.".encode()
    lines = np.full((len(blob), len(prefix) + 23), ord("\n"), np.uint8)
    lines[:, : len(prefix)] = np.frombuffer(prefix, np.uint8)
    lines[:, len(prefix) : -1] = np.frombuffer(text, np.uint8).reshape(-1, 24)[:, :22]
    return lines.tobytes().decode("ascii").splitlines()


class KeyedHashes(NamedTuple):
    """Keyed hashes of a column of values, each under the key of its own event time.

    Attributes:
        digests: The full HMAC of each value.
        epochs: Number of the key epoch of each, int64, shape (n,).
    """

    digests: list[bytes]
    epochs: NDArray[np.int64]

    def part(self, mask: NDArray[np.bool_]) -> KeyedHashes:
        """Return the hashes where the mask is True."""
        return KeyedHashes(list(compress(self.digests, mask.tolist())), self.epochs[mask])


NO_HASHES = KeyedHashes([], np.zeros(0, np.int64))


class Pseudonymizer:
    """Pseudonyms of one link domain.

    Args:
        keys: All root keys, at least one.
        link_domain: Identifiers in one domain get equal pseudonyms for equal values.
        kind: How the value was made canonical (``text``, ``integer``, ...); part of the message.

    Raises:
        ValueError: there is no key.
    """

    def __init__(self, keys: Iterable[RootKey], link_domain: str, kind: str) -> None:
        self._epochs = sorted(keys, key=lambda key: key.valid_from_s)
        if not self._epochs:
            raise ValueError("No pseudonym key")
        self._hashes = [keyed_hash_of_kind(derive_key(key.secret, link_domain), kind) for key in self._epochs]

    def epoch_at(self, event_time_s: float) -> int:
        """Return the number of the key epoch of an event time; times before the first epoch belong to it."""
        return max((number for number, key in enumerate(self._epochs) if key.valid_from_s <= event_time_s), default=0)

    def epochs_between(self, first_s: float, last_s: float) -> range:
        """Return the numbers of the key epochs that contain event times from ``first_s`` to ``last_s``."""
        return range(self.epoch_at(first_s), self.epoch_at(last_s) + 1)

    @property
    def n_epochs(self) -> int:
        """Number of key epochs."""
        return len(self._epochs)

    def is_near(self, epoch: int, times_s: NDArray[np.int64], distance_s: int) -> NDArray[np.bool_]:
        """Return which event times are in a key epoch or at most so far from it, shape (n,).

        >>> keys = [RootKey("aaaaaa", 0, b"a" * 32), RootKey("bbbbbb", 100, b"b" * 32)]
        >>> Pseudonymizer(keys, "loan", "text").is_near(1, np.array([89, 90, 100, 500]), 10).tolist()
        [False, True, True, True]
        """
        is_near = np.ones(len(times_s), np.bool_)
        if epoch:
            is_near &= times_s >= self._epochs[epoch].valid_from_s - distance_s
        if epoch + 1 < len(self._epochs):
            is_near &= times_s < self._epochs[epoch + 1].valid_from_s + distance_s
        return is_near

    def digests(self, values: Iterable[bytes], epoch: int) -> list[bytes]:
        """Return the full HMAC of each canonical value under the key of one epoch."""
        return self._hashes[epoch](values)

    def hashes_at(self, values: Sequence[bytes], times_s: NDArray[np.int64]) -> KeyedHashes:
        """Return the keyed hash of each canonical value under the key of its event time.

        Args:
            values: Canonical values.
            times_s: Event time of each in whole seconds, int64, shape (n,).

        >>> keys = [RootKey("aaaaaa", 0, b"a" * 32), RootKey("bbbbbb", 100, b"b" * 32)]
        >>> hashes = Pseudonymizer(keys, "loan", "text").hashes_at([b"7", b"7"], np.array([99, 100]))
        >>> hashes.epochs.tolist(), hashes.digests[0] == hashes.digests[1]
        ([0, 1], False)
        """
        if not len(times_s):
            return NO_HASHES
        epochs = self.epochs_between(int(times_s.min()), int(times_s.max()))
        if len(epochs) == 1:
            return KeyedHashes(self.digests(values, epochs[0]), np.full(len(values), epochs[0], np.int64))
        numbers = [self.epoch_at(time_s) for time_s in times_s.tolist()]
        digests = [self.digests([value], number)[0] for value, number in zip(values, numbers, strict=True)]
        return KeyedHashes(digests, np.array(numbers, np.int64))

    def pseudonyms(self, digests: Iterable[bytes], epoch: int) -> list[str]:
        """Return digests of one key epoch as pseudonyms."""
        return encode_tags(self._epochs[epoch].kid, digests)

    def pseudonyms_of(self, hashes: KeyedHashes) -> list[str]:
        """Return hashes as pseudonyms, each with the name of its key."""
        digests, epochs = hashes
        if not digests:
            return []
        if (epochs == epochs[0]).all():
            return self.pseudonyms(digests, int(epochs[0]))
        return [self.pseudonyms([digest], epoch)[0] for digest, epoch in zip(digests, epochs.tolist(), strict=True)]

    def all_pseudonyms(self, values: Sequence[bytes]) -> list[list[str]]:
        """Return the pseudonyms of canonical values under every key, one list for each key epoch."""
        return [self.pseudonyms(self.digests(values, epoch), epoch) if values else [] for epoch in range(self.n_epochs)]

    def pseudonym(self, value: bytes, event_time_s: float) -> str:
        """Return one pseudonym, for tools and tests."""
        epoch = self.epoch_at(event_time_s)
        return self.pseudonyms(self.digests([value], epoch), epoch)[0]


def _padded(key: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """Hash the inner and the outer padded key block of RFC 2104."""
    if len(key) > _BLOCK_BYTES:
        key = hashlib.sha256(key).digest()
    block = key.ljust(_BLOCK_BYTES, b"\0")
    return hashlib.sha256(block.translate(_IPAD)), hashlib.sha256(block.translate(_OPAD))
