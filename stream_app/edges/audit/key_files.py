"""The signing keys of a log and of a witness, one key in one file of mode 0600, created by an operator only."""

from __future__ import annotations

import secrets
from pathlib import Path

from stream_app.core.audit.notes import (
    SEED_BYTES,
    NoteError,
    SigningKey,
    VerifierKey,
    is_key_name,
    parse_signing_key,
    parse_verifier_key,
)
from stream_app.edges.files.reading import read_guarded
from stream_app.edges.files.writing import make_folder, write_new_file
from stream_app.errors import ConfigError, KeyFileError
from stream_app.small_file import read_small_file


def create_signing_key(path: Path, name: str, kind: int) -> SigningKey:
    """Create a key file with a new key.

    Raises:
        KeyFileError: the file exists.
        ConfigError: the name is invalid.
        WriteError: it cannot be written.
    """
    if not is_key_name(name):
        raise ConfigError(
            f"Invalid name of a key {name!r}: no spaces, no + and at most 200 characters",
            action="Example: example.com/fairstream/audit",
        )
    make_folder(path.parent)
    key = SigningKey(name, kind, secrets.token_bytes(SEED_BYTES))
    try:
        write_new_file(path, key.encode() + "\n")
    except ConfigError:
        raise KeyFileError(f"{path} exists already", action="It is never replaced") from None
    return key


def load_signing_key(path: Path, kind: int, create: str) -> SigningKey:
    """Read a key file.

    Args:
        path: Its path.
        kind: The kind of key that is expected.
        create: Command that creates one, for the error.

    Raises:
        KeyFileError: the file is missing, unsafe or malformed.
    """
    content = read_guarded(path, error=KeyFileError, create=f"Create one with: {create}")
    try:
        key = parse_signing_key(content.decode("ascii", "replace"))
    except NoteError as error:
        raise KeyFileError(f"{path}: {error}", action="Restore it from its backup") from None
    if key.kind != kind:
        raise KeyFileError(f"{path} contains a key of another kind", action=f"Create one with: {create}")
    return key


def read_verifier_key(text: str, kind: int, flag: str) -> VerifierKey:
    """Read a verifier key that is given as text, or in a file.

    Args:
        text: The key, or the path of a file that contains it.
        kind: The kind of key that is expected.
        flag: Flag or setting that names it, for the error.

    Raises:
        ConfigError: it is not one.
    """
    try:
        try:
            key = parse_verifier_key(text)
        except NoteError:
            key = parse_verifier_key(read_small_file(Path(text)))
    except (NoteError, OSError, ValueError):
        raise ConfigError(
            f"{flag} is neither a verifier key NAME+ID+KEY nor a file with one", action="audit init prints one"
        ) from None
    if key.kind != kind:
        raise ConfigError(f"{flag} is a key of another kind", action="A log and a witness have different kinds of keys")
    return key
