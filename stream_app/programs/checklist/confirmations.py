"""What people confirm about items, as entries of the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from stream_app.edges.audit.reading import has_entries, read_entries
from stream_app.programs.audit.events import EventKind, append_required
from stream_app.programs.audit.places import log_folder, signing_key_path
from stream_app.settings import Settings

CONFIRMED: EventKind = "checklist-confirmed"
SUSPECTED: EventKind = "model-extraction-suspected"


class Confirmation(NamedTuple):
    """The newest confirmation of an item.

    Attributes:
        at_s: When, seconds since the epoch.
        by: Who confirmed it, in their own words.
        note: What they found.
    """

    at_s: float
    by: str
    note: str


def confirm(settings: Settings, item: str, by: str, note: str) -> int | None:
    """Append the confirmation of an item; return the number of its entry.

    Raises:
        ConfigError: there is no audit log.
        FairStreamError: the log accepts no entry.
    """
    return append_required(settings, CONFIRMED, [{"item": item, "by": by, "note": note}])


class LogFacts(NamedTuple):
    """What the audit log says about items.

    Attributes:
        confirmations: The newest confirmation of each item.
        suspected_s: When clients were suspected of copying the model, seconds since the epoch.
    """

    confirmations: dict[str, Confirmation]
    suspected_s: tuple[float, ...] = ()


def read_log_facts(settings: Settings) -> LogFacts | None:
    """Return what the audit log says about items; None without an audit log.

    Raises:
        DamagedLogError: the log is damaged.
        ConfigError: it cannot be read.
    """
    folder = log_folder(settings)
    if not signing_key_path(settings).exists() or not folder.exists():
        return None
    if not has_entries(folder):
        return LogFacts({})
    newest: dict[str, Confirmation] = {}
    suspected: list[float] = []
    for _, entry in read_entries(folder):
        at_s = datetime.fromisoformat(entry.ts).timestamp()
        if entry.type == CONFIRMED:
            facts = {name: str(entry.data.get(name, "")) for name in ("item", "by", "note")}
            newest[facts["item"]] = Confirmation(at_s, facts["by"], facts["note"])
        elif entry.type == SUSPECTED:
            suspected.append(at_s)
    return LogFacts(newest, tuple(suspected))
