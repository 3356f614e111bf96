"""The key that signs sessions and forms: made at the first start, for its owner only."""

from __future__ import annotations

import secrets
import stat
from contextlib import suppress
from pathlib import Path

from stream_app.connection.secret_file import read_secret
from stream_app.edges.files.writing import make_folder, write_new_file
from stream_app.errors import ConfigError

FILE_NAME = "web-secret-key"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MIN_LENGTH = 50


def secret_key(state_dir: Path) -> str:
    """Return the key of a state folder, and make it where there is none.

    Raises:
        ConfigError: others can read it, or it is too short.
        WriteError: it cannot be written.
    """
    path = make_folder(state_dir) / FILE_NAME
    if not path.exists():
        with suppress(ConfigError):  # another process was faster
            write_new_file(path, secrets.token_urlsafe(64) + "\n")
    key = read_secret(str(path), "the key of the web application")
    if path.stat().st_mode & _OTHERS:
        raise ConfigError(f"{path} can be read by others", action=f"Run: chmod 600 {path}")
    if len(key) < _MIN_LENGTH:
        raise ConfigError(f"{path} is too short for a key", action="Delete it: the next start makes another")
    return key
