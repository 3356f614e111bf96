"""``/api/audit_history``: the newest entries of the audit log of the state folder."""

from __future__ import annotations

from itertools import islice

import msgspec
from django.http import HttpRequest, HttpResponse

from stream_app.core.audit.entries import UNREADABLE, Entry, read_entry
from stream_app.edges.audit.segments import list_segments, read_segment
from stream_app.errors import DamagedLogError
from stream_app.programs.audit.places import log_folder
from stream_app.settings import Settings
from stream_app.web_app.api.access.scopes import Scope
from stream_app.web_app.api.document import Route, route
from stream_app.web_app.api.paging import answer
from stream_app.web_app.api.running import running

N_ENTRIES = 10


class AuditHistory(msgspec.Struct, frozen=True):
    """Entries of the audit log.

    Attributes:
        items: The newest ten, the newest first; they are read and not verified.
    """

    items: tuple[Entry, ...]


EXAMPLE = {
    "v": 1,
    "seq": 17,
    "ts": "2026-01-01T00:05:00.000Z",
    "type": "replay-run",
    "actor": "ops@host",
    "data": {"run": "loans-2026-01", "model": "loans", "is_exact": False},
    "prev": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "source": None,
}


@route(Route("/audit_history", Scope.AUDIT, answers=AuditHistory, example={"items": [EXAMPLE]}, is_costly=True))
def audit_history(request: HttpRequest) -> HttpResponse:
    """List the last ten entries of the audit log, the newest first; none where there is no log."""
    return answer(AuditHistory(newest_entries(running().settings)))


def newest_entries(settings: Settings) -> tuple[Entry, ...]:
    """Return the newest entries, the newest first.

    Raises:
        FairStreamError: the log cannot be read, or is damaged.
    """
    folder = log_folder(settings)
    found = (
        line for segment in reversed(list_segments(folder)) for line in reversed(read_segment(folder, segment).lines)
    )
    try:
        return tuple(read_entry(line) for line in islice(found, N_ENTRIES))
    except UNREADABLE:
        raise DamagedLogError("The audit log is damaged", action="Run: fairstream audit verify") from None
