"""The file with the root keys of the pseudonyms.

Keys are made by a person with ``fairstream keys init``, never by a worker: a lost volume would otherwise fork the
keys silently, and yesterday's pseudonyms would match nobody today. The file is made 0600 in a folder of 0700; one
that others can read or replace is refused.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from stream_app.core.privacy.pseudonym import KEY_BYTES, RootKey
from stream_app.errors import KeyFileError

FILE_NAME = "pseudonym-keys.json"
_KID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_KID_LENGTH = 8
_HOW_TO_MAKE = "Make one with: fairstream keys init"
_HOW_TO_MEND = "Restore it from its backup"


class _StoredKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kid: Annotated[str, msgspec.Meta(pattern=r"^[a-z2-7]{6,8}$")]
    valid_from_s: int
    secret: bytes  # base64 in the file


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: Literal[1]
    keys: Annotated[list[_StoredKey], msgspec.Meta(min_length=1)]


def key_file_path(state_dir: Path) -> Path:
    """Return where the key file of a state folder lies."""
    return state_dir / "keys" / FILE_NAME


def create_key_file(path: Path) -> RootKey:
    """Make a key file with one new key that is valid for all event times.

    Raises:
        KeyFileError: there is one already, or it cannot be written.
    """
    key = _new_key(valid_from_s=0)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise KeyFileError(f"{path} exists already", action="Look at it with: fairstream keys list") from None
    except OSError as error:
        raise KeyFileError(f"Cannot write {path}: {error.strerror}") from None
    _write(descriptor, [key])
    _sync_folder(path.parent)
    return key


def add_key(path: Path, valid_from_s: int) -> RootKey:
    """Begin a new key epoch: events from ``valid_from_s`` on get pseudonyms under a new key.

    Raises:
        KeyFileError: the file is missing or unsafe, or an epoch begins then or later already.
    """
    keys = load_keys(path)
    if any(key.valid_from_s >= valid_from_s for key in keys):
        raise KeyFileError("A key epoch begins then or later already", action="See: fairstream keys list")
    key = _new_key(valid_from_s)
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    _write(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), [*keys, key])
    temporary.replace(path)
    _sync_folder(path.parent)
    return key


def load_keys(path: Path) -> tuple[RootKey, ...]:
    """Read the keys.

    Raises:
        KeyFileError: the file is missing, a link, not a plain file, not ours, within reach of others, or not well
            formed.
    """
    try:
        stored = msgspec.json.decode(_read(path), type=_KeyFile)
    except msgspec.MsgspecError:
        raise KeyFileError(f"{path} is no key file of this version", action=_HOW_TO_MEND) from None
    keys = tuple(RootKey(key.kid, key.valid_from_s, key.secret) for key in stored.keys)
    if any(len(key.secret) != KEY_BYTES for key in keys):
        raise KeyFileError(f"{path} holds a key of a wrong length", action=_HOW_TO_MEND)
    if len({key.kid for key in keys}) < len(keys) or len({key.valid_from_s for key in keys}) < len(keys):
        raise KeyFileError(f"{path} holds two keys of one name or from one moment", action=_HOW_TO_MEND)
    return keys


def _read(path: Path) -> bytes:
    def open_itself(name: str, flags: int) -> int:
        # No link is followed, and a named pipe in its place does not hang the start.
        return os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK)

    try:
        with open(path, "rb", opener=open_itself) as file:  # Path.open() takes no opener
            _reject_unsafe(path, os.fstat(file.fileno()))
            return file.read()
    except FileNotFoundError:
        raise KeyFileError(f"There is no key file {path}", action=_HOW_TO_MAKE) from None
    except OSError:
        raise KeyFileError(
            f"{path} is a link or a folder, or cannot be read", action="Put the file itself there"
        ) from None


def _reject_unsafe(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyFileError(f"{path} is not a plain file")
    if status.st_uid != os.geteuid():
        raise KeyFileError(f"{path} belongs to another user", action=f"chown it to user {os.geteuid()}")
    if status.st_mode & 0o077:
        raise KeyFileError(f"{path} can be read by others", action=f"chmod 600 {path}")
    if path.parent.stat().st_mode & 0o022:
        raise KeyFileError(f"{path} can be replaced by others", action=f"chmod 700 {path.parent}")


def _new_key(valid_from_s: int) -> RootKey:
    kid = "".join(secrets.choice(_KID_ALPHABET) for _ in range(_KID_LENGTH))
    return RootKey(kid, valid_from_s, secrets.token_bytes(KEY_BYTES))


def _write(descriptor: int, keys: list[RootKey]) -> None:
    stored = [_StoredKey(key.kid, key.valid_from_s, key.secret) for key in keys]
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(_KeyFile(1, stored))) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
