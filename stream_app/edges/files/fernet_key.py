"""The Fernet key of alert texts: a file that is made where it is missing, for its owner alone."""

from __future__ import annotations

from pathlib import Path

from cryptography.fernet import Fernet

from stream_app.edges.files.key_file import read_private_file
from stream_app.edges.files.writing import write_new_file
from stream_app.errors import KeyFileError

FILE_NAME = "secret.key"


def init_key(path: str | Path = FILE_NAME) -> bytes:
    """Return the Fernet key of a file; where there is none, create one with mode 0600.

    Raises:
        KeyFileError: others can read or replace the file, it is a link, or does not contain a key.
        WriteError: it cannot be written.
    """
    path = Path(path)
    if not path.exists() and not path.is_symlink():
        write_new_file(path, Fernet.generate_key())
    key = read_private_file(path).strip()
    try:
        Fernet(key)
    except ValueError:
        raise KeyFileError(f"{path} does not contain a Fernet key", action="Restore it from its backup") from None
    return key
