"""The key of the seals: a mounted secret that all workers of a deployment have, and nobody else."""

from __future__ import annotations

from stream_app.connection.secret_file import read_secret
from stream_app.errors import ConfigError
from stream_app.pipeline.seals import RecordSeals
from stream_app.settings import Settings

_SETTING, _OTHER = "record_key_file", "other_record_key_file"
_MIN_CHARACTERS = 32


def seals_of(settings: Settings) -> RecordSeals | None:
    """Return what seals the records of this deployment; None where it has no key.

    Raises:
        ConfigError: the file of a key cannot be read, its line is too short to be a key, or there is only the other
            key, or both are the same.
    """
    secret = _key_of(settings.record_key_file, _SETTING)
    other = _key_of(settings.other_record_key_file, _OTHER)
    if secret is None:
        if other is not None:
            raise ConfigError(f"{_OTHER} is set without {_SETTING}", action="A worker seals with the latter")
        return None
    if secret == other:
        raise ConfigError(f"{_OTHER} contains the same key as {_SETTING}", action="Give the key before, or the next")
    accepts_unsealed = settings.unsealed_records == "accept"
    return RecordSeals(secret, settings.app_id, accepts_unsealed=accepts_unsealed, other=other)


def _key_of(path: str | None, setting: str) -> bytes | None:
    if path is None:
        return None
    secret = read_secret(path, setting)
    if len(secret) < _MIN_CHARACTERS:
        raise ConfigError(
            f"{setting} {path} contains fewer than {_MIN_CHARACTERS} characters",
            action="Create one with: openssl rand -hex 32",
        )
    return secret.encode()
