"""Appends what people do in the web application to the audit log of the state folder: users by their number only."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from stream_app.programs.audit.events import append_event
from stream_app.programs.audit.places import signing_key_path
from stream_app.settings import Settings


def state_settings() -> Settings:
    """Return the settings of this process."""
    found: Settings = settings.FAIRSTREAM
    return found


def has_log() -> bool:
    """Return whether the state folder has an audit log."""
    return signing_key_path(state_settings()).exists()


def append(kind: str, data: dict[str, Any]) -> int | None:
    """Append an entry and return its number; None where there is no audit log.

    Args:
        kind: What happens, such as ``case-concluded``.
        data: Facts: text, integers and booleans, without anything about people but the numbers of users.

    Raises:
        FairStreamError: the log accepts no entry; then it must not happen.
    """
    return append_event(state_settings(), kind, data)
