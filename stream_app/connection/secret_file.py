"""Reads a secret from its file; no text of it ever gets into an error."""

from __future__ import annotations

from pathlib import Path
from unicodedata import category

from stream_app.errors import ConfigError
from stream_app.small_file import cannot_read, read_small_file

_MOST = 16_384  # characters; no header or handshake takes a longer one


def read_secret(path: str, setting: str) -> str:
    """Return the content of a file without the line break at its end.

    Args:
        path: The file; it is read at each call, so a rotated secret is seen.
        setting: Name of the setting that names it.

    Raises:
        ConfigError: it cannot be read, is empty, has several lines or control characters, or is longer than a secret.
    """
    try:
        text = read_small_file(Path(path))
    except ConfigError:
        raise
    except OSError as error:
        raise cannot_read(f"{setting} {path}", error) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{setting} {path} is not UTF-8 text") from None
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret or "\n" in secret:
        raise ConfigError(f"{setting} {path} does not contain exactly one line", action="Write the secret alone to it")
    if any(category(sign) == "Cc" for sign in secret):
        raise ConfigError(f"{setting} {path} has control characters", action="Write the secret alone to it, as text")
    if len(secret) > _MOST:
        raise ConfigError(f"{setting} {path} is longer than {_MOST:,} characters", action="Is it the right file?")
    return secret
