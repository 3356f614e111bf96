"""Opens the case of an incident from a command, where the web application has a database."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from stream_app.errors import ConfigError
from stream_app.settings import Settings
from stream_app.web_app.host.database import FILE_NAME
from stream_app.web_app.program import prepare


def has_database(settings: Settings) -> bool:
    """Return whether the web application has run with these settings: it has a database."""
    return settings.database_url is not None or (Path(settings.state_dir) / FILE_NAME).exists()


def open_case(settings: Settings, kind: str, model: str, text: str, append: Callable[[int], int | None]) -> int:
    """Open a case about an incident and return its number.

    Args:
        settings: Where the database is.
        kind: Kind of the incident.
        model: Name of the model.
        text: What was seen.
        append: Appends the entry of the audit log about the case with a number; an error of it undoes the case.

    Raises:
        ConfigError: as ``prepare``; or the database does not take the case.
        FairStreamError: the audit log accepts no entry; then there is no case.
    """
    prepare(settings)
    from django.db import DatabaseError  # noqa: PLC0415  # needs Django's settings

    from stream_app.web_app.cases.incidents import open_incident  # noqa: PLC0415  # the same

    try:
        return int(open_incident(kind, model, text, int(time.time()), append).pk)
    except DatabaseError as error:
        raise ConfigError(
            f"The database does not take the case ({type(error).__name__})", action="Check it, or use --no-case"
        ) from None
