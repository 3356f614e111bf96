"""The file with the root keys of the pseudonyms.

Keys are created by an operator with ``fairstream keys init``, never by a worker: a lost volume would otherwise fork the
keys silently, and yesterday's pseudonyms would match nobody today. The file has mode 0600 in a folder of 0700; a file
that others can read or replace is rejected.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from stream_app.core.privacy.pseudonym import KEY_BYTES, RootKey
from stream_app.edges.files.writing import make_folder, write_errors, write_file, write_new_file
from stream_app.errors import ConfigError, KeyFileError

FILE_NAME = "pseudonym-keys.json"
_KID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_KID_LENGTH = 8
_MAX_BYTES = 1_048_576  # thousands of keys
_CREATE = "Create one with: fairstream keys init"
_RESTORE = "Restore it from its backup"


class _StoredKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kid: Annotated[str, msgspec.Meta(pattern=r"^[a-z2-7]{6,8}$")]
    valid_from_s: int
    secret: bytes  # base64 in the file


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: Literal[1]
    keys: Annotated[list[_StoredKey], msgspec.Meta(min_length=1)]


def key_file_path(state_dir: Path) -> Path:
    """Return the path of the key file in a state folder."""
    return state_dir / "keys" / FILE_NAME


def create_key_file(path: Path) -> RootKey:
    """Create a key file with one new key that is valid for all event times.

    Raises:
        KeyFileError: it exists already, its folder is a link, or others can write to a folder above it.
        WriteError: it cannot be written.
    """
    key = _new_key(valid_from_s=0)
    with write_errors(path.parent):
        if path.parent.is_symlink():
            raise KeyFileError(f"{path.parent} is a link", action="Create the key file in a folder of its own")
    _reject_open_folder(path)
    make_folder(path.parent)
    with write_errors(path.parent):
        path.parent.chmod(0o700)
    try:
        write_new_file(path, _encode([key]))
    except ConfigError:
        raise KeyFileError(f"{path} exists already", action="See: fairstream keys list") from None
    return key


def add_key(path: Path, valid_from_s: int) -> RootKey:
    """Begin a new key epoch: events from ``valid_from_s`` on get pseudonyms under a new key.

    Raises:
        KeyFileError: the file is missing or unsafe, or an epoch already begins then or later.
        WriteError: it cannot be written; the keys stay as they were.
    """
    keys = load_keys(path)
    if any(key.valid_from_s >= valid_from_s for key in keys):
        raise KeyFileError("A key epoch already begins then or later", action="See: fairstream keys list")
    key = _new_key(valid_from_s)
    write_file(path, _encode([*keys, key]), is_private=True)
    return key


def load_keys(path: Path) -> tuple[RootKey, ...]:
    """Read the keys.

    Raises:
        KeyFileError: the file is missing, a link, not a regular file, of another user, accessible to others, or
            malformed.
    """
    try:
        stored = msgspec.json.decode(_read(path), type=_KeyFile)
    except msgspec.MsgspecError:
        raise KeyFileError(f"{path} is not a key file of this version", action=_RESTORE) from None
    keys = tuple(RootKey(key.kid, key.valid_from_s, key.secret) for key in stored.keys)
    if any(len(key.secret) != KEY_BYTES for key in keys):
        raise KeyFileError(f"{path} contains a key of the wrong length", action=_RESTORE)
    if len({key.kid for key in keys}) < len(keys) or len({key.valid_from_s for key in keys}) < len(keys):
        raise KeyFileError(f"{path} contains two keys with the same name or start", action=_RESTORE)
    return keys


def _read(path: Path) -> bytes:
    def open_itself(name: str, flags: int) -> int:
        # No link is followed, and a named pipe in its place does not block the start.
        return os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK)

    try:
        with open(path, "rb", opener=open_itself) as file:  # Path.open() takes no opener
            _reject_unsafe(path, os.fstat(file.fileno()))
            return file.read(_MAX_BYTES)
    except FileNotFoundError:
        raise KeyFileError(f"Key file {path} does not exist", action=_CREATE) from None
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
    _reject_open_folder(path)


def _reject_open_folder(path: Path) -> None:
    """Reject a file below a folder in which anybody may rename what is there; a sticky folder permits it to nobody.

    Raises:
        KeyFileError: there is such a folder.
    """
    for above in path.absolute().parents[1:]:
        with suppress(OSError):  # does not exist yet, or may not be looked into: then nobody gets through it
            mode = above.stat().st_mode
            if stat.S_ISDIR(mode) and mode & (stat.S_IWOTH | stat.S_ISVTX) == stat.S_IWOTH:
                raise KeyFileError(f"{path} can be replaced by others", action=f"chmod o-w {above}")


def _new_key(valid_from_s: int) -> RootKey:
    kid = "".join(secrets.choice(_KID_ALPHABET) for _ in range(_KID_LENGTH))
    return RootKey(kid, valid_from_s, secrets.token_bytes(KEY_BYTES))


def _encode(keys: list[RootKey]) -> bytes:
    stored = [_StoredKey(key.kid, key.valid_from_s, key.secret) for key in keys]
    return msgspec.json.format(msgspec.json.encode(_KeyFile(1, stored))) + b"\n"
