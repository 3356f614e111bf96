r"""Signed notes: a text, an empty line, and signature lines ``— NAME base64(key id || signature)``.

    key id        = SHA-256(name || "\n" || type || public key)[:4]
    verifier key  = name + "+" + hex(key id) + "+" + base64(type || public key)
    signing key   = "PRIVATE+KEY+" + name + "+" + hex(key id) + "+" + base64(type || seed)

Type 1 signs the text with Ed25519. Type 4 is the cosignature of a witness: the time and an Ed25519 signature of
``cosignature/v1``, the time and the text.

Source: C2SP signed-note and tlog-cosignature; golang.org/x/mod/sumdb/note for the form of the keys.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 1
COSIGNATURE = 4
MAX_NOTE_BYTES = 65_536
SEED_BYTES = 32
_PRIVATE = "PRIVATE+KEY+"
_DASH = "— "
_NAME = re.compile(r"[^\s+]{1,200}")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f]")
_TIME_BYTES = 8


class NoteError(ValueError):
    """A note, a key or a checkpoint is malformed, or a signature of a known key is wrong."""


@dataclass(frozen=True)
class Signature:
    """A signature line.

    Attributes:
        name: Name of the key.
        key_id: First four bytes of its hash.
        value: The signature; of a cosignature the time before it.
    """

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        """Return the line of a note, with its end."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"

    @property
    def cosigned_at_s(self) -> int:
        """The time in a cosignature, seconds since the Unix epoch."""
        return int.from_bytes(self.value[:_TIME_BYTES], "big")


@dataclass(frozen=True)
class VerifierKey:
    """A public key under its name.

    Attributes:
        name: Name of who signs; no spaces and no ``+``.
        kind: ``ED25519`` or ``COSIGNATURE``.
        public: The Ed25519 public key, 32 bytes.
    """

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that name it in a signature."""
        return _key_id(self.name, self.kind, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    def verifies(self, text: str, signature: Signature) -> bool:
        """Return whether a signature of this key is one of a text."""
        value, message = signature.value, text.encode()
        if self.kind == COSIGNATURE:
            value, message = value[_TIME_BYTES:], _cosigned(text, signature.cosigned_at_s)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(value, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class SigningKey:
    """A private key under its name; never shown by ``repr``.

    Attributes:
        name: Name of who signs.
        kind: ``ED25519`` or ``COSIGNATURE``.
        seed: 32 random bytes.
    """

    name: str
    kind: int
    seed: bytes

    def __repr__(self) -> str:
        return f"SigningKey(name={self.name!r}, kind={self.kind}, seed=***)"

    def encode(self) -> str:
        """Return its text form, for the key file."""
        key_id = self.verifier_key().key_id.hex()
        return f"{_PRIVATE}{self.name}+{key_id}+{base64.b64encode(bytes([self.kind]) + self.seed).decode()}"

    def verifier_key(self) -> VerifierKey:
        """Return the public key that belongs to it."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifierKey(self.name, self.kind, public)

    def sign(self, text: str, at_s: int = 0) -> Signature:
        """Sign a text.

        Args:
            text: Text of a note, with its last line feed.
            at_s: The current time, which a cosignature contains; seconds since the Unix epoch.
        """
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        if self.kind == COSIGNATURE:
            value = at_s.to_bytes(_TIME_BYTES, "big") + private.sign(_cosigned(text, at_s))
        else:
            value = private.sign(text.encode())
        return Signature(self.name, self.verifier_key().key_id, value)


@dataclass(frozen=True)
class Note:
    """A text and its signatures, none of which is verified yet.

    Attributes:
        text: The text, with its last line feed.
        signatures: The signatures of all keys, known or not.
    """

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """Return the note as it is stored and sent."""
        return f"{self.text}\n{''.join(signature.line() for signature in self.signatures)}".encode()

    def signature_of(self, key: VerifierKey) -> Signature | None:
        """Return the signature of a key; None if the note has none of it.

        Raises:
            NoteError: a signature of this key is wrong.
        """
        of_key = [own for own in self.signatures if own.name == key.name and own.key_id == key.key_id]
        if any(not key.verifies(self.text, own) for own in of_key):
            raise NoteError(f"The signature of {key.name} is wrong")
        return of_key[0] if of_key else None


def is_key_name(name: str) -> bool:
    """Return whether a key may have this name: no spaces, no ``+``, printable.

    >>> is_key_name("example.com/log"), is_key_name("a+b"), is_key_name("")
    (True, False, False)
    """
    return bool(_NAME.fullmatch(name)) and name.isprintable()


def parse_note(data: bytes) -> Note:
    """Read a note; its signatures are not verified.

    Raises:
        NoteError: it is not a note.
    """
    if len(data) > MAX_NOTE_BYTES:
        raise NoteError("The note is too long")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise NoteError("The note is not UTF-8") from None
    before, empty_line, lines = whole.rpartition("\n\n")
    if not empty_line or not lines.endswith("\n") or _CONTROLS.search(whole):
        raise NoteError("Not a signed note: a text, an empty line, and signatures")
    return Note(before + "\n", tuple(parse_signature(line) for line in lines[:-1].split("\n")))


def parse_signature(line: str) -> Signature:
    """Read a signature line without its end.

    Raises:
        NoteError: it is not one.
    """
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    raw = _decoded(encoded)
    if not line.startswith(_DASH) or not space or not is_key_name(name) or raw is None or len(raw) <= 4:  # noqa: PLR2004 - the key id
        raise NoteError("A signature line is malformed")
    return Signature(name, raw[:4], raw[4:])


def parse_verifier_key(text: str) -> VerifierKey:
    """Read a verifier key.

    Raises:
        NoteError: it is not one, or its id does not belong to it.
    """
    name, kind, public, key_id = _key_parts(text.strip())
    if _key_id(name, kind, public) != key_id:
        raise NoteError("The verifier key is damaged: its id does not belong to it")
    return VerifierKey(name, kind, public)


def parse_signing_key(text: str) -> SigningKey:
    """Read a signing key.

    Raises:
        NoteError: it is not one, or its id does not belong to it.
    """
    if not text.startswith(_PRIVATE):
        raise NoteError("Not a signing key")
    name, kind, seed, key_id = _key_parts(text.removeprefix(_PRIVATE).strip())
    key = SigningKey(name, kind, seed)
    if key.verifier_key().key_id != key_id:
        raise NoteError("The signing key is damaged: its id does not belong to it")
    return key


def _key_parts(text: str) -> tuple[str, int, bytes, bytes]:
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = _decoded(encoded)
    if not is_key_name(name) or not re.fullmatch(r"[0-9a-f]{8}", key_id) or raw is None or len(raw) != 1 + SEED_BYTES:
        raise NoteError("Not a key of the form NAME+ID+KEY")
    if raw[0] not in (ED25519, COSIGNATURE):
        raise NoteError(f"Keys of type {raw[0]} are not supported")
    return name, raw[0], raw[1:], bytes.fromhex(key_id)


def _key_id(name: str, kind: int, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def _cosigned(text: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()


def _decoded(text: str) -> bytes | None:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None
