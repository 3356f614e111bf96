"""The key of the seals: a mounted secret that all workers of a deployment have, and nobody else."""

from __future__ import annotations

from stream_app.connection.secret_file import read_secret
from stream_app.errors import ConfigError
from stream_app.pipeline.seals import RecordSeals
from stream_app.settings import Settings

_SETTING = "record_key_file"
_MIN_CHARACTERS = 32


def seals_of(settings: Settings) -> RecordSeals | None:
    """Return what seals the records of this deployment; None where it has no key.

    Raises:
        ConfigError: the file of the key cannot be read, or its line is too short to be a key.
    """
    path = settings.record_key_file
    if path is None:
        return None
    secret = read_secret(path, _SETTING)
    if len(secret) < _MIN_CHARACTERS:
        raise ConfigError(
            f"{_SETTING} {path} contains fewer than {_MIN_CHARACTERS} characters",
            action="Create one with: openssl rand -hex 32",
        )
    return RecordSeals(secret.encode(), settings.app_id, accepts_unsealed=settings.unsealed_records == "accept")
