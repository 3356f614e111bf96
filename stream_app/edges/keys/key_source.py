"""Reads the pseudonym keys from where the settings say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.edges.files.key_file import FILE_NAME, decode_key_ring, key_file_path, load_keys
from stream_app.edges.keys.mounted_secret import read_mounted_secret
from stream_app.edges.keys.vault import read_vault_secret
from stream_app.errors import ConfigError
from stream_app.settings import Settings


class KeySource(Protocol):
    """Provides the pseudonym keys."""

    place: str

    def load(self) -> tuple[RootKey, ...]:
        """Read the keys.

        Raises:
            KeyFileError: they are missing, unsafe or malformed.
            KeysUnavailableError: the server that has them does not answer.
        """

    def revision(self) -> object:
        """Return a value that changes when other keys may be there, without reading them; None: not known."""


class FileKeys:
    """The key file of a state folder; a ``KeySource``."""

    def __init__(self, state_dir: str) -> None:
        self._path = key_file_path(Path(state_dir))
        self.place = str(self._path)

    def load(self) -> tuple[RootKey, ...]:
        """Read the keys."""
        return load_keys(self._path)

    def revision(self) -> object:
        """Return the identity of the file, and when it was changed."""
        return identity_of(self._path)


class MountedKeys:
    """A key file in a mounted secret folder; a ``KeySource``."""

    def __init__(self, folder: str) -> None:
        self._path = Path(folder) / FILE_NAME
        self.place = str(self._path)

    def load(self) -> tuple[RootKey, ...]:
        """Read the keys."""
        return decode_key_ring(read_mounted_secret(self._path), self.place).keys

    def revision(self) -> object:
        """Return the identity of the file, and when it was changed."""
        return identity_of(self._path)


class VaultKeys:
    """A key file in the field ``pseudonym-keys.json`` of a secret of HashiCorp Vault; a ``KeySource``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.place = f"field {FILE_NAME} of {settings.key_source}"

    def load(self) -> tuple[RootKey, ...]:
        """Read the keys."""
        settings = self._settings
        data = read_vault_secret(
            settings.key_source or "",
            FILE_NAME,
            token_file=settings.key_token_file,
            ca_file=settings.key_ca_file,
            is_insecure=settings.insecure,
        )
        return decode_key_ring(data, self.place).keys

    def revision(self) -> object:
        """Return None: a running process does not ask again."""
        return None


def key_source_of(settings: Settings) -> KeySource:
    """Return where the settings say that the keys are.

    Raises:
        ConfigError: ``key_source`` is neither a folder nor an address.
    """
    place = settings.key_source
    if not place:
        return FileKeys(settings.state_dir)
    if place.startswith("/"):
        return MountedKeys(place)
    if place.startswith(("https://", "http://")):
        return VaultKeys(settings)
    raise ConfigError(
        "Invalid key_source: expected the absolute path of a folder, or an address that begins with https://",
        action="See: docs/how-to/keys.md",
    )


def identity_of(path: Path) -> tuple[int, ...]:
    """Return what changes when a file is changed or replaced; nothing where there is none."""
    return tuple(_numbers_of(path))


def _numbers_of(path: Path) -> Iterator[int]:
    try:
        status = os.stat(path)  # noqa: PTH116  # of what a link of a mounted secret leads to
    except OSError:
        return
    yield from (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
