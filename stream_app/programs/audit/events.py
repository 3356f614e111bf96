"""What a command did, as an entry of the audit log of its state folder."""

from __future__ import annotations

from typing import Any

from stream_app.core.audit.entries import NewEntry
from stream_app.edges.files.audit_file import exporter
from stream_app.programs.audit.anchor import copy_to_folder
from stream_app.programs.audit.places import open_log, signing_key_path
from stream_app.settings import Settings


def append_event(settings: Settings, kind: str, data: dict[str, Any]) -> int | None:
    """Append an entry about what a command does, if the state folder has an audit log.

    Args:
        settings: Where the state folder is.
        kind: What happens, such as ``replay-run``.
        data: Facts, without anything about people.

    Returns:
        Number of the entry; None without a log.

    Raises:
        FairStreamError: the log accepts no entry; then the command must not do it.
    """
    if not signing_key_path(settings).exists():
        return None
    by = exporter()
    log = open_log(settings)
    receipts = log.append([NewEntry(type=kind, actor=f"{by.user}@{by.host}", data=data)])
    if (signed := log.checkpoint()) is not None:
        copy_to_folder(settings, signed)
    return receipts[0].seq if receipts[0] is not None else None
