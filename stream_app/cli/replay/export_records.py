"""``fairstream replay export-records``: single records of a time range; denied unless everything permits it."""

from __future__ import annotations

import enum
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.selection import FromRaw, ReplayRange
from stream_app.cli.flags.settings import CommonFlags, Json
from stream_app.cli.output import facts, notes, print_json
from stream_app.cli.replay.progress import progress_bar
from stream_app.cli.replay.selection import select_model
from stream_app.errors import ConfigError
from stream_app.pipeline.records.audit import MAX_REASON
from stream_app.pipeline.replay.export.request import ExportRequest, ExportSummary, RecordKind, reject_unpermitted
from stream_app.pipeline.replay.moments import parse_moment
from stream_app.policy import load_policy
from stream_app.programs.export.export import export_records as write_records


class RecordFormat(enum.StrEnum):
    """Format of an export of records."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True)
class ConsentFlags:
    """What the person who exports has to confirm."""

    unsafe_records: Annotated[
        bool, typer.Option("--unsafe-records", help="Confirm the export of single records of people.")
    ] = False
    unsafe_raw: Annotated[
        bool,
        typer.Option("--unsafe-raw", help="Confirm that they contain identifiers; required with --from-raw."),
    ] = False
    reason: Annotated[
        str | None,
        typer.Option(
            "--reason",
            metavar="TEXT",
            help="Reason, for the audit log. Do not name the people whom the records are about.",
            show_default=False,
        ),
    ] = None

    def reject_missing(self, *, from_raw: bool) -> None:
        """Reject an export that is not confirmed.

        Raises:
            ConfigError: ``--unsafe-records`` is missing, or ``--unsafe-raw`` for raw records.
        """
        if not self.unsafe_records:
            raise ConfigError(
                "The export contains single records of people",
                action="Confirm with --unsafe-records. For the results of a run: fairstream replay export",
            )
        if from_raw and not self.unsafe_raw:
            raise ConfigError(
                "Raw records contain identifiers",
                action="Use the pseudonymized events (--published), or confirm with --unsafe-raw",
            )


@with_flags
def export_records(
    *,
    selection: ReplayRange,
    consent: ConsentFlags,
    from_raw: FromRaw = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="File to write; it must not exist.", show_default=False),
    ] = None,
    format_: Annotated[
        RecordFormat, typer.Option("--format", help="Format of the file; json keeps the bytes of each record.")
    ] = RecordFormat.JSON,
    rate: Annotated[
        float | None, typer.Option("--rate", min=1, help="Maximum records per second.", show_default=False)
    ] = None,
    flags: CommonFlags,
    as_json: Json = False,
) -> None:
    """Write single records of a time range to a file.

    Denied unless privacy.exportable_records of the policy permits it, --unsafe-records is given (for raw records
    --unsafe-raw too) and --reason says why. The file has mode 0600. Before its first record, an audit entry is written
    to the audit log and to the topic fairness-audit; if that fails nothing is exported. A failed export leaves no file.

    Example: fairstream replay export-records --from 2h --to 1h --out case-12.jsonl --unsafe-records --reason "case 12"
    """
    settings = flags.settings()
    policy = load_policy(settings.policy)
    model = select_model(policy, selection.model)
    kind: RecordKind = "raw" if from_raw else "pseudonymized"
    reject_unpermitted(model, kind)
    consent.reject_missing(from_raw=from_raw)
    if selection.from_ is None or selection.to is None:
        raise ConfigError("No time range is given", action="Give --from and --to, to export only what is needed")
    if out is None:
        raise ConfigError("No file is given", action="Give --out FILE: records are not printed")
    now_s = time.time()
    request = ExportRequest(
        export=f"{datetime.fromtimestamp(now_s, UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
        records=kind,
        from_s=parse_moment(selection.from_, now_s),
        to_s=parse_moment(selection.to, now_s),
        path=out.absolute(),
        form=format_.value,
        reason=check_reason(consent.reason),
        rate=rate,
    )
    with progress_bar("exporting", as_json=as_json) as note:
        summary = write_records(settings, policy, model, request, note)
    _show(summary, as_json=as_json)


def check_reason(text: str | None) -> str:
    """Return the reason for the audit log.

    Raises:
        ConfigError: It is empty, or not one readable line.

    >>> check_reason(" complaint 4711, requested by the ombudsman ")
    'complaint 4711, requested by the ombudsman'
    """
    reason = (text or "").strip()
    if not reason:
        raise ConfigError("--reason must not be empty", action="Give --reason: it is recorded in the audit log")
    if len(reason) > MAX_REASON or not reason.isprintable():
        raise ConfigError("Invalid --reason", action=f"Give one line of at most {MAX_REASON} printable characters")
    return reason


def _show(summary: ExportSummary, *, as_json: bool) -> None:
    if as_json:
        print_json(summary)
        return
    facts.print(
        f"{summary.n_records:,} {summary.records} records of {summary.topic} in {summary.file}, "
        f"SHA-256 {summary.sha256}; in the audit as {summary.export}",
        markup=False,
    )
    if summary.n_rejected:
        notes.print(f"{summary.n_rejected:,} rejected records have no event time and are not in the file")
