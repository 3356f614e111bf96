"""Where the web application stores: SQLite in the state folder, or PostgreSQL by its address."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from stream_app.connection.secret_file import read_secret
from stream_app.edges.files.reading import reject_unguarded
from stream_app.edges.files.writing import cannot_write, make_folder, write_errors
from stream_app.errors import ConfigError
from stream_app.extras import import_extra
from stream_app.settings import Settings

FILE_NAME = "web.sqlite3"
_EXPECTED = "Expected postgresql://USER@HOST:PORT/NAME, with FAIRSTREAM_DATABASE_PASSWORD_FILE beside it"
_PARTS = ("", "-journal", "-shm", "-wal")  # the names of what SQLite writes end so
_OPEN = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CONNECT_S = 5
_LOCK_S = 20
_KEPT: dict[str, Any] = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}  # each thread keeps its connection
_OPTIONS = frozenset({"sslmode", "sslrootcert", "sslcert", "sslkey", "target_session_attrs", "options"})


def database_of(settings: Settings) -> dict[str, Any]:
    """Return Django's description of the database.

    Raises:
        ConfigError: the address is invalid; its text is not repeated, since it may contain a password. Or a file of
            SQLite is a link, or not a file, or others can read or change it.
        DependencyMissingError: PostgreSQL needs the extra ``postgresql``.
    """
    return _sqlite(Path(settings.state_dir)) if settings.database_url is None else _postgresql(settings)


def _sqlite(state_dir: Path) -> dict[str, Any]:
    path = make_folder(state_dir) / FILE_NAME
    for part in _PARTS:
        _reject_unsafe(path.with_name(path.name + part))
    with write_errors(path):
        os.close(os.open(path, os.O_CREAT | _OPEN, 0o600))  # SQLite gives its other files the same mode
    return {
        **_KEPT,
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path.resolve()),
        "OPTIONS": {
            "timeout": _LOCK_S,
            "transaction_mode": "IMMEDIATE",  # a reader never turns into a writer half-way, which SQLite would reject
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
        },
    }


def _reject_unsafe(path: Path) -> None:
    """Raise an error for a file of SQLite that is a link or no file, or that others can read or change."""
    try:
        descriptor = os.open(path, _OPEN)
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ConfigError(f"{path} is a link", action="Put the file itself there") from None
        raise cannot_write(path, error) from None
    try:
        reject_unguarded(path, os.fstat(descriptor))
    finally:
        os.close(descriptor)


def _postgresql(settings: Settings) -> dict[str, Any]:
    try:
        address = urlsplit(settings.database_url or "")
        port = address.port
    except ValueError:
        raise _invalid() from None
    name = unquote(address.path.removeprefix("/"))
    options = dict(parse_qsl(address.query))
    if address.scheme not in ("postgresql", "postgres") or not name or not options.keys() <= _OPTIONS:
        raise _invalid()
    import_extra("psycopg", "A database of PostgreSQL")
    password = unquote(address.password or "")
    if settings.database_password_file is not None:
        password = read_secret(settings.database_password_file, "database_password_file")
    return {
        **_KEPT,
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(address.username or ""),
        "PASSWORD": password,
        "HOST": unquote(address.hostname or ""),
        "PORT": str(port or ""),
        "OPTIONS": {"connect_timeout": _CONNECT_S, **options},
    }


def _invalid() -> ConfigError:
    return ConfigError("Invalid FAIRSTREAM_DATABASE_URL", action=_EXPECTED)
