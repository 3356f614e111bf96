"""The key that signs sessions and forms: made at the first start, for its owner only."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from stream_app.edges.files.reading import read_guarded
from stream_app.edges.files.writing import make_folder, write_new_file
from stream_app.errors import ConfigError

FILE_NAME = "web-secret-key"
_MIN_LENGTH = 50
_MAX_BYTES = 4096
_AGAIN = "Delete it: the next start makes another"


def secret_key(state_dir: Path) -> str:
    """Return the key of a state folder, and make it where there is none.

    Raises:
        ConfigError: it is a link or no file, others can read or change it, or it is not a key.
        WriteError: it cannot be written.
    """
    path = make_folder(state_dir) / FILE_NAME
    if not os.path.lexists(path):
        with suppress(ConfigError):  # another process was faster
            write_new_file(path, secrets.token_urlsafe(64) + "\n")
    content = read_guarded(path, in_guarded_folder=False, max_bytes=_MAX_BYTES, create=_AGAIN)
    key = content.removesuffix(b"\n").decode("ascii", "replace")
    if len(key) < _MIN_LENGTH or not key.isascii() or not key.isprintable():
        raise ConfigError(f"{path} does not contain a key of {_MIN_LENGTH} characters or more", action=_AGAIN)
    return key
