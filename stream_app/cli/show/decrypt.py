"""``fairstream alerts decrypt``: sealed alerts for an auditor, with a reason, in the audit log."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.selection import ShownFlags
from stream_app.cli.flags.settings import CommonFlags, Json
from stream_app.cli.output import note_skipped, notes
from stream_app.cli.show.alerts import print_alerts
from stream_app.core.privacy.sealing import AuditorKey, SealError
from stream_app.edges.kafka.readers.live_results import open_alert_records
from stream_app.edges.keys.key_source import key_source_of
from stream_app.edges.keys.sealing_file import SealingFile
from stream_app.errors import ConfigError
from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.disclosure.sealing import AlertSealer, open_alert
from stream_app.pipeline.disclosure.shown import smallest_groups_of_records
from stream_app.pipeline.records.alerts import Alert, ClearAlert, SealedAlert
from stream_app.pipeline.records.audit import MAX_REASON
from stream_app.policy import load_policy
from stream_app.programs.audit.events import append_required
from stream_app.settings import Settings

_IDS_PER_ENTRY = 500


@with_flags
def decrypt(
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Reason, for the audit log.")],
    alert: Annotated[
        str | None, typer.Option("--alert", metavar="ID", help="Id of one alert, as listed.", show_default=False)
    ] = None,
    shown: ShownFlags,
    last: Annotated[int, typer.Option(min=0, help="Number of newest alerts; 0: all.")] = 20,
    flags: CommonFlags,
    as_json: Json = False,
) -> None:
    """Show sealed alerts to an auditor who gives a reason.

    The private keys are those of `keys init --sealing` in the state folder. An entry with the ids of the alerts and the
    reason is appended to the audit log first; without a log nothing is shown. Ends with 1 if an alert cannot be opened:
    it is sealed to others, was moved to another alert, or was changed. Where the pseudonym keys are there, too, an
    alert that no worker sealed is found.

    Example: fairstream alerts decrypt --reason "Quarterly review 2026-Q4" --last 5
    """
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON or not reason.isprintable():
        raise ConfigError("Invalid --reason", action=f"Say why in one line of at most {MAX_REASON} characters")
    settings = flags.settings()
    policy = load_policy(settings.policy)
    selection = shown.select(policy)
    keys = [stored.key for stored in SealingFile(Path(settings.state_dir)).load()]
    with open_alert_records(settings.connection) as reader:
        records = [record for record in reader.read_to_end() if isinstance(record, SealedAlert)]
    selected = [record for record in records if selection.has_model(record.model) and alert in (None, record.id)]
    if alert is not None and not selected:
        raise ConfigError(f"No sealed alert {alert!r} of these models", action="See: fairstream alerts list")
    newest = sorted(selected, key=lambda record: (record.at_s or 0, record.id))[-last or None :]
    opened, n_closed = _open(newest, keys)
    n_forged = _count_forged(settings, opened)
    if opened:
        kids = {key.kid for key in keys if any(key.kid in sealed.shares for sealed, _ in opened)}
        _audit(settings, [sealed.id for sealed, _ in opened], kids, reason)
    k_of = smallest_groups_of_records(policy)
    clear = [
        disclose_alert(record, 0 if shown.unsafe_exact else k_of(record)) if isinstance(record, Alert) else record
        for _, record in opened
        if selection.has_alert(record)
    ]
    print_alerts(clear, as_json=as_json)
    note_skipped(reader.unreadable, reader.n_unreadable)
    for n, what in ((n_closed, "cannot be opened with these keys"), (n_forged, "were not sealed by a worker")):
        if n:
            notes.print(f"{n} of {len(newest)} alerts {what}.")
    if n_closed or n_forged:
        raise typer.Exit(1)


def _open(records: Iterable[SealedAlert], keys: list[AuditorKey]) -> tuple[list[tuple[SealedAlert, ClearAlert]], int]:
    """Return what could be opened, and how many could not."""
    opened, n_closed = [], 0
    for record in records:
        try:
            opened.append((record, open_alert(record, keys)))
        except SealError:
            n_closed += 1
    return opened, n_closed


def _count_forged(settings: Settings, opened: list[tuple[SealedAlert, ClearAlert]]) -> int:
    """Return how many opened alerts have another digest than a worker would give; 0 without the pseudonym keys."""
    source = key_source_of(settings)
    if source.revision() in ((), None):
        return 0
    sealer = AlertSealer(source.load())
    return sum(not sealer.is_authentic(sealed, alert) for sealed, alert in opened)


def _audit(settings: Settings, alerts: list[str], kids: Iterable[str], reason: str) -> None:
    parts = [alerts[first : first + _IDS_PER_ENTRY] for first in range(0, len(alerts), _IDS_PER_ENTRY)]
    facts = {"kids": sorted(kids), "reason": reason}
    append_required(settings, "alerts-opened", [{**facts, "alerts": part} for part in parts])
