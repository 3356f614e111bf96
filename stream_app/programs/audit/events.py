"""What a command does, as an entry of the audit log of its state folder, before it does it."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, cast, get_args

import msgspec

from stream_app import __version__
from stream_app.core.audit.entries import NewEntry
from stream_app.edges.files.reading import read_guarded
from stream_app.edges.host.account import exporter
from stream_app.errors import ConfigError
from stream_app.programs.audit.places import CREATE, copy_to_folder, log_folder, open_log, signing_key_path
from stream_app.settings import Settings

FORMER_FILE = "audit.jsonl"  # the audit log of exports before 0.4.0
EventKind = Literal[
    "key-created",
    "key-rotated",
    "key-destroyed",
    "alerts-opened",
    "subjects-erased",
    "export-begun",
    "export-ended",
    "decisions-read",
    "decisions-deleted",
    "counts-released",
    "exact-numbers-shown",
    "decision-explained",
    "replay-run",
    "replay-export",
    "replay-republish",
    "report-made",
    "checklist-confirmed",
    "incident-opened",
    "former-log",
    "case-event",
    "user-event",
    "api-token-created",
    "api-token-revoked",
    "api-token-limited",
    "fairness-alert",
    "policy-event",
    "replay-event",
    "model-extraction-suspected",
]
EVENT_KINDS: frozenset[str] = frozenset(get_args(EventKind))  # types of entries that nobody else may write
_Fields = msgspec.json.Decoder(dict[str, Any]).decode


def append_event(settings: Settings, kind: EventKind, data: dict[str, Any]) -> int | None:
    """Append an entry about what a command does, if the state folder has an audit log.

    Args:
        settings: Where the state folder is.
        kind: What happens.
        data: Facts, without anything about people.

    Returns:
        Number of the entry; None without a log.

    Raises:
        FairStreamError: the log accepts no entry; then the command must not do it.
    """
    return append_required(settings, kind, [data]) if signing_key_path(settings).exists() else None


def append_exact(settings: Settings, command: str, model: str | None) -> None:
    """Append that a command shows numbers about groups of any size.

    Args:
        settings: Where the state folder is.
        command: The command.
        model: Name of the model; None for all of the policy.

    Raises:
        FairStreamError: as ``append_event``.
    """
    append_event(settings, "exact-numbers-shown", {"command": command, "model": model or ""})


def append_required(settings: Settings, kind: EventKind, parts: Sequence[dict[str, Any]]) -> int | None:
    """Append entries about something that may not happen without them.

    Args:
        settings: Where the state folder is.
        kind: What happens.
        parts: Facts of each entry, without anything about people.

    Returns:
        Number of the first entry; None without any.

    Raises:
        ConfigError: the state folder has no audit log.
        FairStreamError: the log accepts no entry; then the command must not do it.
    """
    if not signing_key_path(settings).exists():
        raise ConfigError(
            f"There is no audit log in {log_folder(settings)}, and this is not done without an entry",
            action=f"Create it with: {CREATE}",
        )
    by = exporter()
    actor = f"{by.user}@{by.host}"
    log = open_log(settings)
    entries = [NewEntry(type=kind, actor=actor, data={**data, "code_version": __version__}) for data in parts]
    receipts = [receipt for receipt in log.append(entries) if receipt is not None]
    if (signed := log.checkpoint()) is not None:
        copy_to_folder(settings, signed)
    return receipts[0].seq if receipts else None


def append_export(settings: Settings, line: bytes) -> None:
    """Append a step of an export: its facts, and the hash of its line in the topic ``fairness-audit``.

    What that line says by partition is in the topic alone.

    Raises:
        ConfigError: the state folder has no audit log.
        FairStreamError: the log accepts no entry.
    """
    facts = {name: value for name, value in _Fields(line).items() if type(value) in (str, int)}
    kind = cast(EventKind, facts.pop("event"))  # the tag of ``ExportBegun`` or ``ExportEnded``
    append_required(settings, kind, [{**facts, "sha256_record": sha256(line).hexdigest()}])


def append_former_file(settings: Settings) -> bool:
    """Append the hash of the file that was the audit log before 0.4.0, if there is one: then it cannot change either.

    Raises:
        ConfigError: others can access the file.
        FairStreamError: the log accepts no entry.
    """
    path = Path(settings.state_dir) / FORMER_FILE
    if not path.exists():
        return False
    content = read_guarded(path, in_guarded_folder=False)
    facts = {"file": FORMER_FILE, "n_lines": content.count(b"\n"), "sha256": sha256(content).hexdigest()}
    append_required(settings, "former-log", [facts])
    return True
