"""Lists entries of the audit log, the newest first: by day, type, actor, user, case and model."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

import msgspec
from django.http import Http404, HttpRequest, HttpResponse

from stream_app.core.audit.entries import Entry
from stream_app.edges.audit.reading import read_entries
from stream_app.errors import FairStreamError
from stream_app.programs.audit.events import EVENT_KINDS
from stream_app.programs.audit.places import log_folder
from stream_app.web_app.accounts.access import page
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.host.audit_trail import has_log, state_settings
from stream_app.web_app.pages.page import render_visibly
from stream_app.web_app.pages.parts.filters import searched_text

AUDITORS = frozenset({Role.AUDITOR})
_MOST_SHOWN, _MOST_READ = 200, 200_000
_DAYS = 7
_FIELDS = ("type", "actor", "model", "user")


class EntryRow(NamedTuple):
    """One entry."""

    seq: int
    at: str
    type: str
    actor: str
    data: str


@page(AUDITORS)
def show_audit(request: HttpRequest) -> HttpResponse:
    """Show entries of some days; they are read and not verified."""
    return audit_page(request, {})


def audit_page(request: HttpRequest, more: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """Show entries, with the result of a verification."""
    today = datetime.now(UTC).date()
    first, last = _day(request, "from", today - timedelta(days=_DAYS - 1)), _day(request, "to", today)
    wanted = {name: searched_text(request, name) for name in _FIELDS}
    content: dict[str, Any] = {"has_log": has_log(), "from": first, "to": last, "wanted": wanted, "rows": []}
    content["types"] = sorted(EVENT_KINDS)
    if content["has_log"]:
        try:
            found = _Search(first, last, wanted)
            content["rows"] = found.rows
            content["is_cut"] = found.n_read >= _MOST_READ
            content["n_matching"] = found.n_matching
        except FairStreamError as error:
            content["fault"] = error.message
    return render_visibly(request, "audit.html", content | dict(more), status=status)


class _Search:
    """Reads entries and keeps the newest that match.

    Args:
        first: First day.
        last: Last day.
        wanted: By field what it must contain.
    """

    def __init__(self, first: str, last: str, wanted: Mapping[str, str]) -> None:
        self.n_read = self.n_matching = 0
        self._wanted = {name: text for name, text in wanted.items() if text}
        entries = read_entries(log_folder(state_settings()), from_date=first, to_date=last)
        in_days = (entry for _, entry in islice(entries, _MOST_READ) if self._note(entry, first, last))
        self.rows = [*reversed(deque(map(_row, self._matching(in_days)), maxlen=_MOST_SHOWN))]

    def _note(self, entry: Entry, first: str, last: str) -> bool:
        self.n_read += 1
        return first <= entry.ts[:10] <= last

    def _matching(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        for entry in entries:
            if all(_is_in(entry, name, text) for name, text in self._wanted.items()):
                self.n_matching += 1
                yield entry


def _is_in(entry: Entry, name: str, text: str) -> bool:
    match name:
        case "type":
            return entry.type == text
        case "actor":
            return text in entry.actor
        case "user":
            return text in (str(entry.data.get("by_user")), str(entry.data.get("user")))
    return str(entry.data.get(name)) == text


def _row(entry: Entry) -> EntryRow:
    return EntryRow(
        entry.seq,
        f"{entry.ts[:19].replace('T', ' ')} UTC",
        entry.type,
        entry.actor,
        msgspec.json.encode(entry.data).decode(),
    )


def _day(request: HttpRequest, name: str, default: date) -> str:
    """Return the day that a request names.

    Raises:
        Http404: it is no day.
    """
    text = request.GET.get(name, "")
    try:
        return (date.fromisoformat(text) if text else default).isoformat()
    except ValueError:
        raise Http404 from None
