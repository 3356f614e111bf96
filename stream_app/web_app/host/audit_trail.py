"""Appends what people do in the web application to the audit log of the state folder: users by their number only."""

from __future__ import annotations

import logging
from typing import Any, Literal

from django.conf import settings

from stream_app.errors import FairStreamError
from stream_app.programs.audit.events import append_event
from stream_app.programs.audit.places import signing_key_path
from stream_app.settings import Settings

EntryKind = Literal[
    "case-event",
    "user-event",
    "policy-event",
    "replay-event",
    "api-token-created",
    "api-token-revoked",
    "api-token-limited",
]

log = logging.getLogger(__name__)


class AuditRejectedError(Exception):
    """The audit log accepts no entry, so what it is about must not happen."""


def state_settings() -> Settings:
    """Return the settings of this process."""
    found: Settings = settings.FAIRSTREAM
    return found


def has_log() -> bool:
    """Return whether the state folder has an audit log."""
    return signing_key_path(state_settings()).exists()


def append(kind: EntryKind, data: dict[str, Any]) -> int | None:
    """Append an entry and return its number; None where there is no audit log.

    Args:
        kind: What it is about.
        data: Facts: text, integers and booleans, without anything about people but the numbers of users.

    Raises:
        AuditRejectedError: the log accepts no entry; the log of the process says why.
    """
    try:
        return append_event(state_settings(), kind, data)
    except FairStreamError as error:
        log.error("audit entry not written kind=%s fault=%s", kind, error.message)  # noqa: TRY400  # expected
        raise AuditRejectedError from error
