"""``fairstream audit delete-decisions``: stored decisions are kept no longer than they may be."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.flags.settings import Json, StateDir, read_settings
from stream_app.cli.output import facts, notes, print_json
from stream_app.cli.replay.export_records import check_reason
from stream_app.edges.audit.decision_store import DecisionStore, StoredDay
from stream_app.errors import ConfigError
from stream_app.pipeline.replay.moments import parse_moment
from stream_app.programs.audit.events import append_required

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NOTHING_LEFT = "Backups and copies still have them: delete them there too."


def delete_decisions(
    before: Annotated[str, typer.Option(metavar="TIME", help="First day to keep: 2026-09-01, or its age, 400d.")],
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Only decisions of this model.", show_default=False)
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option("--reason", metavar="TEXT", help="Reason, for the audit log; name no person.", show_default=False),
    ] = None,
    is_dry_run: Annotated[bool, typer.Option("--dry-run", help="List everything and delete nothing.")] = False,
    is_confirmed: Annotated[bool, typer.Option("--yes", help="Confirm; nothing restores them.")] = False,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> None:
    """Delete stored decisions of the days before a day.

    Deletes the Parquet files that audit record --decisions wrote, by days of the decisions, in UTC. The audit log
    gets an entry first, also if there is nothing to delete; without an audit log nothing is deleted. The log itself,
    its commitments and the topics stay.

    Example: fairstream audit delete-decisions --before 400d --reason retention --yes
    """
    settings = read_settings(state_dir=state_dir)
    date, store = _date_of(before), DecisionStore(Path(settings.state_dir))
    if is_dry_run:
        _show(store.days_before(date, model), "delete", as_json=as_json)
        return
    said = check_reason(reason)
    if not is_confirmed:
        raise ConfigError("Nothing restores deleted decisions", action="See --dry-run, and confirm with --yes")
    with store.writer():
        days = store.days_before(date, model)
        totals = {name: sum(getattr(day, name) for day in days) for name in ("n_files", "n_bytes")}
        which = {"before": date, "n_days": len(days), **totals, "reason": said}
        append_required(settings, "decisions-deleted", [which if model is None else {"model": model, **which}])
        store.delete(days)
    _show(days, "deleted", as_json=as_json)
    if days:
        notes.print(_NOTHING_LEFT)
    elif not as_json:
        facts.print(f"No decisions are stored of days before {date}.", markup=False)


def _date_of(text: str) -> str:
    """Return the first day that stays.

    Raises:
        ConfigError: it is neither a date nor a time.
    """
    try:
        if _DATE.fullmatch(text.strip()):
            return datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=UTC).date().isoformat()
        return datetime.fromtimestamp(parse_moment(text, time.time()), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        raise ConfigError(f"Invalid --before {text!r}", action="Give a day, 2026-09-01, or an age, 400d") from None


def _show(days: Sequence[StoredDay], what: str, *, as_json: bool) -> None:
    for day in days:
        if as_json:
            sizes = {"n_files": day.n_files, "bytes": day.n_bytes}
            print_json({"action": what, "model": day.model, "date": day.date, **sizes})
        else:
            files = "1 file" if day.n_files == 1 else f"{day.n_files:,} files"
            facts.print(f"{what:<7}  {day.date}  {day.model}  {files}, {day.n_bytes:,} bytes", markup=False)
