"""The file with the root keys of the pseudonyms.

Keys are created by an operator with ``fairstream keys init``, never by a worker: a lost volume would otherwise fork the
keys silently, and yesterday's pseudonyms would match nobody today. The file has mode 0600 in a folder of 0700; a file
that others can read or replace is rejected.

A key is destroyed by replacing it with a new random one for the same event times. What was published under the old one
can then be linked to nobody, not even by those who know an identifier. What is counted again, or comes late, is still
counted exactly, under a pseudonym that nothing else has.
"""

from __future__ import annotations

import os
import secrets
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec

from stream_app.core.privacy.epochs import DestroyedKey, key_epochs
from stream_app.core.privacy.pseudonym import KEY_BYTES, RootKey
from stream_app.edges.files.writing import make_folder, write_errors, write_file, write_new_file
from stream_app.errors import ConfigError, KeyFileError

FILE_NAME = "pseudonym-keys.json"
_KID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_KID_LENGTH = 8
_MAX_BYTES = 1_048_576  # thousands of keys
_CREATE = "Create one with: fairstream keys init"
_RESTORE = "Restore it from its backup"


_Kid = Annotated[str, msgspec.Meta(pattern=r"^[a-z2-7]{6,8}$")]


class _StoredKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    kid: _Kid
    valid_from_s: int
    secret: bytes  # base64 in the file
    created_s: int = 0


class _StoredRemains(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kid: _Kid
    valid_from_s: int
    fingerprint: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}$")]
    destroyed_s: int


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    schema: Literal[1]
    keys: Annotated[list[_StoredKey], msgspec.Meta(min_length=1)]
    destroyed: list[_StoredRemains] = []


BeforeChange = Callable[[str], object]


def ignore_change(_: str) -> None:
    """Do nothing before a key is created or destroyed."""


class KeyRing(NamedTuple):
    """What a key file contains.

    Attributes:
        keys: The keys.
        destroyed: What is left of destroyed keys.
    """

    keys: tuple[RootKey, ...]
    destroyed: tuple[DestroyedKey, ...] = ()


def key_file_path(state_dir: Path) -> Path:
    """Return the path of the key file in a state folder."""
    return state_dir / "keys" / FILE_NAME


def create_key_file(path: Path, before: BeforeChange = ignore_change) -> RootKey:
    """Create a key file with one new key that is valid for all event times.

    Args:
        path: The file.
        before: Called with the name of the key before there is one.

    Raises:
        KeyFileError: it exists already, or its folder is a link.
        WriteError: it cannot be written.
    """
    key = _new_key(valid_from_s=0)
    with write_errors(path):
        is_there = path.exists()
    if is_there:
        raise KeyFileError(f"{path} exists already", action="See: fairstream keys list")
    before(key.kid)
    create_private_file(path, _encode(KeyRing((key,))), see="fairstream keys list")
    return key


def create_private_file(path: Path, content: bytes, *, see: str) -> None:
    """Create a file of mode 0600 in a folder of mode 0700, where nothing exists.

    Args:
        path: Its path.
        content: Its content.
        see: The command that shows what is there instead, for the error.

    Raises:
        KeyFileError: it exists already, or its folder is a link.
        WriteError: it cannot be written.
    """
    with write_errors(path.parent):
        if path.parent.is_symlink():
            raise KeyFileError(f"{path.parent} is a link", action="Create the key file in a folder of its own")
    make_folder(path.parent)
    with write_errors(path.parent):
        path.parent.chmod(0o700)
    try:
        write_new_file(path, content)
    except ConfigError:
        raise KeyFileError(f"{path} exists already", action=f"See: {see}") from None


def add_key(path: Path, valid_from_s: int, before: BeforeChange = ignore_change) -> RootKey:
    """Begin a new key epoch: events from ``valid_from_s`` on get pseudonyms under a new key.

    Args:
        path: The key file.
        valid_from_s: Where the epoch begins.
        before: Called with the name of the key before it is in the file.

    Raises:
        KeyFileError: the file is missing or unsafe, or an epoch already begins then or later.
        WriteError: it cannot be written; the keys stay as they were.
    """
    ring = load_key_ring(path)
    if any(key.valid_from_s >= valid_from_s for key in ring.keys):
        raise KeyFileError("A key epoch already begins then or later", action="See: fairstream keys list")
    key = _new_key(valid_from_s)
    before(key.kid)
    write_file(path, _encode(ring._replace(keys=(*ring.keys, key))), is_private=True)
    return key


def destroy_key(path: Path, kid: str, now_s: int, before: BeforeChange = ignore_change) -> DestroyedKey:
    """Destroy the key of an epoch that has ended, and put a new one in its place.

    Args:
        path: The key file.
        kid: Name of the key.
        now_s: The time, seconds since the Unix epoch.
        before: Called with the name of the key when it can be destroyed, before it is.

    Raises:
        KeyFileError: the file is missing or unsafe, there is no such key, or its epoch has not ended.
        WriteError: it cannot be written; the keys stay as they were.
    """
    ring = load_key_ring(path)
    if any(remains.kid == kid for remains in ring.destroyed):
        raise KeyFileError(f"Key {kid} is destroyed already", action="See: fairstream keys list")
    states = {epoch.key.kid: epoch for epoch in key_epochs(ring.keys, now_s)}
    if kid not in states:
        raise KeyFileError(f"There is no key {kid!r}", action="See: fairstream keys list")
    if states[kid].state != "verify-only":
        raise KeyFileError(
            f"The key epoch of {kid} has not ended, so its key is in use", action="Rotate first: fairstream keys rotate"
        )
    key = states[kid].key
    remains = DestroyedKey(kid, key.valid_from_s, key.fingerprint(), now_s)
    others = tuple(_new_key(key.valid_from_s) if other == key else other for other in ring.keys)
    before(kid)
    write_file(path, _encode(KeyRing(others, (*ring.destroyed, remains))), is_private=True)
    return remains


def load_keys(path: Path) -> tuple[RootKey, ...]:
    """Read the keys.

    Raises:
        KeyFileError: the file is missing, a link, not a regular file, of another user, accessible to others, or
            malformed.
    """
    return load_key_ring(path).keys


def load_key_ring(path: Path) -> KeyRing:
    """Read the keys, and what is left of destroyed ones.

    Raises:
        KeyFileError: as ``load_keys``.
    """
    return decode_key_ring(read_private_file(path), str(path))


def decode_key_ring(data: bytes, place: str) -> KeyRing:
    """Decode the content of a key file, wherever it is stored.

    Args:
        data: The content.
        place: Where it is stored, for errors.

    Raises:
        KeyFileError: it is malformed.
    """
    try:
        stored = msgspec.json.decode(data, type=_KeyFile)
    except msgspec.MsgspecError:
        raise KeyFileError(f"{place} is not a key file of this version", action=_RESTORE) from None
    keys = tuple(RootKey(key.kid, key.valid_from_s, key.secret, key.created_s) for key in stored.keys)
    if any(len(key.secret) != KEY_BYTES for key in keys):
        raise KeyFileError(f"{place} contains a key of the wrong length", action=_RESTORE)
    names = [*(key.kid for key in stored.keys), *(remains.kid for remains in stored.destroyed)]
    if len({*names}) < len(names) or len({key.valid_from_s for key in keys}) < len(keys):
        raise KeyFileError(f"{place} contains two keys with the same name or start", action=_RESTORE)
    return KeyRing(keys, tuple(DestroyedKey(*msgspec.structs.astuple(remains)) for remains in stored.destroyed))


def read_private_file(path: Path, *, how_to_create: str = _CREATE) -> bytes:
    """Return the content of a file that nobody else may read or replace.

    Raises:
        KeyFileError: it is missing, a link, not a regular file, of another user, or accessible to others.
    """

    def open_itself(name: str, flags: int) -> int:
        # No link is followed, and a named pipe in its place does not block the start.
        return os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK)

    try:
        with open(path, "rb", opener=open_itself) as file:  # Path.open() takes no opener
            _reject_unsafe(path, os.fstat(file.fileno()))
            return file.read(_MAX_BYTES)
    except FileNotFoundError:
        raise KeyFileError(f"Key file {path} does not exist", action=how_to_create) from None
    except OSError:
        raise KeyFileError(
            f"{path} is a link or a folder, or cannot be read", action="Put the file itself there"
        ) from None


def _reject_unsafe(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyFileError(f"{path} is not a regular file")
    if status.st_uid != os.geteuid():
        raise KeyFileError(f"{path} belongs to another user", action=f"chown it to user {os.geteuid()}")
    if status.st_mode & 0o077:
        raise KeyFileError(f"{path} can be read by others", action=f"chmod 600 {path}")
    if path.parent.stat().st_mode & 0o022:
        raise KeyFileError(f"{path} can be replaced by others", action=f"chmod 700 {path.parent}")
    above = path.absolute().parent.parent
    if above.stat().st_mode & (stat.S_IWOTH | stat.S_ISVTX) == stat.S_IWOTH:  # anybody may rename the folder of keys
        raise KeyFileError(f"{path} can be replaced by others", action=f"chmod o-w {above}")


def new_kid() -> str:
    """Return a new random name of a key."""
    return "".join(secrets.choice(_KID_ALPHABET) for _ in range(_KID_LENGTH))


def _new_key(valid_from_s: int) -> RootKey:
    return RootKey(new_kid(), valid_from_s, secrets.token_bytes(KEY_BYTES), int(time.time()))


def _encode(ring: KeyRing) -> bytes:
    keys = [_StoredKey(key.kid, key.valid_from_s, key.secret, key.created_s) for key in ring.keys]
    remains = [_StoredRemains(key.kid, key.valid_from_s, key.fingerprint, key.destroyed_s) for key in ring.destroyed]
    return msgspec.json.format(msgspec.json.encode(_KeyFile(1, keys, remains))) + b"\n"
