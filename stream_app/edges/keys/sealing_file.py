"""The file with the private keys of an auditor. It is on the auditor's machine; no worker needs or reads it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from stream_app.core.privacy.sealing import KEY_BYTES, AuditorKey
from stream_app.edges.files.key_file import (
    BeforeChange,
    create_private_file,
    ignore_change,
    key_file_path,
    read_private_file,
)
from stream_app.edges.files.writing import write_file
from stream_app.errors import KeyFileError

FILE_NAME = "sealing-keys.json"
_CREATE = "Create one with: fairstream keys init --sealing"
_SEE = "fairstream keys list --sealing"


class _StoredKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    secret: bytes  # base64 in the file
    created_s: int


class DestroyedSealingKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is left of a destroyed key.

    Attributes:
        kid: Its id.
        destroyed_s: When it was destroyed, seconds since the Unix epoch.
    """

    kid: Annotated[str, msgspec.Meta(pattern=r"^[a-z2-7]{8}$")]
    destroyed_s: int


class _SealingFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: Literal[1]
    keys: list[_StoredKey]
    destroyed: list[DestroyedSealingKey] = []


@dataclass(frozen=True)
class SealingKey:
    """A key of an auditor.

    Attributes:
        key: The private key.
        created_s: When it was created, seconds since the Unix epoch.
    """

    key: AuditorKey
    created_s: int


class SealingFile:
    """The private keys of an auditor, oldest first.

    Args:
        state_dir: State folder of the auditor.
        before: Called with the id of a key before it is created or destroyed.

    Attributes:
        path: The file.
    """

    def __init__(self, state_dir: Path, before: BeforeChange = ignore_change) -> None:
        self.path = key_file_path(state_dir).with_name(FILE_NAME)
        self._before = before

    def create(self) -> SealingKey:
        """Create the file with a new key.

        Raises:
            KeyFileError: it exists already, or its folder is a link.
            WriteError: it cannot be written.
        """
        stored = _new_key()
        if self.path.exists():
            raise KeyFileError(f"{self.path} exists already", action=f"See: {_SEE}")
        self._before(_key_of(stored).key.kid)
        create_private_file(self.path, _encode(_SealingFile(1, [stored])), see=_SEE)
        return _key_of(stored)

    def add(self) -> SealingKey:
        """Add a new key.

        Raises:
            KeyFileError: the file is missing or unsafe.
            WriteError: it cannot be written.
        """
        content, stored = self._read(), _new_key()
        self._before(_key_of(stored).key.kid)
        self._write(_SealingFile(1, [*content.keys, stored], content.destroyed))
        return _key_of(stored)

    def destroy(self, kid: str) -> DestroyedSealingKey:
        """Destroy a key.

        Raises:
            KeyFileError: the file is missing or unsafe, or has no such key.
            WriteError: it cannot be written; the keys stay as they were.
        """
        content = self._read()
        kept = [stored for stored in content.keys if _key_of(stored).key.kid != kid]
        if len(kept) == len(content.keys):
            raise KeyFileError(f"There is no key {kid!r}", action=f"See: {_SEE}")
        self._before(kid)
        remains = DestroyedSealingKey(kid, int(time.time()))
        self._write(_SealingFile(1, kept, [*content.destroyed, remains]))
        return remains

    def load(self) -> list[SealingKey]:
        """Return the keys.

        Raises:
            KeyFileError: the file is missing, unsafe or malformed.
        """
        return [_key_of(stored) for stored in self._read().keys]

    def destroyed(self) -> list[DestroyedSealingKey]:
        """Return what is left of destroyed keys."""
        return self._read().destroyed

    def _read(self) -> _SealingFile:
        try:
            content = msgspec.json.decode(read_private_file(self.path, how_to_create=_CREATE), type=_SealingFile)
        except msgspec.MsgspecError:
            raise KeyFileError(
                f"{self.path} is not a file of sealing keys of this version", action="Restore it from its backup"
            ) from None
        if any(len(stored.secret) != KEY_BYTES for stored in content.keys):
            raise KeyFileError(f"{self.path} contains a key of the wrong length", action="Restore it from its backup")
        return content

    def _write(self, content: _SealingFile) -> None:
        write_file(self.path, _encode(content), is_private=True)


def _new_key() -> _StoredKey:
    return _StoredKey(secrets.token_bytes(KEY_BYTES), int(time.time()))


def _key_of(stored: _StoredKey) -> SealingKey:
    return SealingKey(AuditorKey(stored.secret), stored.created_s)


def _encode(content: _SealingFile) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content)) + b"\n"
