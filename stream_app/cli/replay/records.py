"""``fairstream replay export-records``: single records of a stretch into a file; denied unless all agree to it."""

from __future__ import annotations

import enum
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli.output import Json, Kafka, PolicyName, StateDir, facts, notes, print_json, read_settings
from stream_app.cli.replay.group import replay
from stream_app.cli.replay.options import From, FromRaw, Model, To, model_of, progress_bar
from stream_app.cli.replay.run import Rate
from stream_app.errors import ConfigError
from stream_app.policy import load_policy

if TYPE_CHECKING:
    from stream_app.pipeline.replay.export.request import ExportSummary, RecordKind


class RecordFormat(enum.StrEnum):
    """How records are written."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


Out = Annotated[Path | None, typer.Option("--out", help="File to write; it must not exist.", show_default=False)]
How = Annotated[RecordFormat, typer.Option("--format", help="How it is written; json keeps the bytes of each record.")]
UnsafeRecords = Annotated[
    bool, typer.Option("--unsafe-records", help="Yes, single records of people; needed each time.")
]
UnsafeRaw = Annotated[bool, typer.Option("--unsafe-raw", help="Yes, with their identifiers; needed with --from-raw.")]
Reason = Annotated[
    str | None,
    typer.Option("--reason", help="Why, for the audit; name no person whom the records are about.", show_default=False),
]


@replay.command("export-records")
def export_records(  # noqa: PLR0913, PLR0917 - one for each flag
    from_: From = None,
    to: To = None,
    from_raw: FromRaw = False,
    out: Out = None,
    format_: How = RecordFormat.JSON,
    unsafe_records: UnsafeRecords = False,
    unsafe_raw: UnsafeRaw = False,
    reason: Reason = None,
    rate: Rate = None,
    kafka: Kafka = None,
    policy: PolicyName = None,
    state_dir: StateDir = None,
    model: Model = None,
    as_json: Json = False,
) -> None:
    """Write the single records of a stretch of event time to a file of 0600, and an audit entry before the first.

    Denied unless privacy.exportable_records of the policy permits it, --unsafe-records is given (for raw records
    --unsafe-raw too) and --reason says why. The entry goes to STATE_DIR/audit.jsonl and to the topic fairness-audit;
    where it cannot be written nothing is exported. An export that fails leaves no file.

    Example: fairstream replay export-records --from 2h --to 1h --out case-12.jsonl --unsafe-records --reason "case 12"
    """
    from stream_app.pipeline.replay.export.request import ExportRequest, reject_unpermitted  # noqa: PLC0415
    from stream_app.pipeline.replay.moments import parse_moment  # noqa: PLC0415  # other commands start faster
    from stream_app.programs.export.export import export_records  # noqa: PLC0415

    settings = read_settings(kafka=kafka, policy=policy, state_dir=state_dir)
    watched = load_policy(settings.policy)
    meant = model_of(watched, model)
    records: RecordKind = "raw" if from_raw else "pseudonymized"
    reject_unpermitted(meant, records)
    _reject_unrequested(from_raw=from_raw, unsafe_records=unsafe_records, unsafe_raw=unsafe_raw)
    if from_ is None or to is None:
        raise ConfigError("No stretch is named", action="Give --from and --to: no more records than are needed")
    if out is None:
        raise ConfigError("No file is named", action="Give --out FILE: records are not printed")
    now_s = time.time()
    request = ExportRequest(
        export=f"{datetime.fromtimestamp(now_s, UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
        records=records,
        from_s=parse_moment(from_, now_s),
        to_s=parse_moment(to, now_s),
        path=out.absolute(),
        form=format_.value,
        reason=reason_of(reason),
        rate=rate,
    )
    with progress_bar("exporting", as_json=as_json) as note:
        exported = export_records(settings, watched, meant, request, note)
    _show(exported, as_json=as_json)


def _reject_unrequested(*, from_raw: bool, unsafe_records: bool, unsafe_raw: bool) -> None:
    if not unsafe_records:
        raise ConfigError(
            "Single records of people would leave",
            action="If they must: --unsafe-records. The results of a run: fairstream replay export",
        )
    if from_raw and not unsafe_raw:
        raise ConfigError(
            "Raw records hold identifiers",
            action="Take the pseudonymized events (--published), or if it must be: --unsafe-raw",
        )


def reason_of(text: str | None) -> str:
    """Return the reason for the audit.

    Raises:
        ConfigError: there is none, or it is no single readable line.

    >>> reason_of(" complaint 4711, asked for by the ombudsman ")
    'complaint 4711, asked for by the ombudsman'
    """
    from stream_app.pipeline.records.audit import MAX_REASON  # noqa: PLC0415

    reason = (text or "").strip()
    if not reason:
        raise ConfigError("No reason is given", action="Give --reason: it stands in the audit")
    if len(reason) > MAX_REASON or not reason.isprintable():
        raise ConfigError("--reason is no reason", action=f"Give one line of at most {MAX_REASON} characters")
    return reason


def _show(exported: ExportSummary, *, as_json: bool) -> None:
    if as_json:
        print_json(exported)
        return
    facts.print(
        f"{exported.n_records:,} {exported.records} records of {exported.topic} in {exported.file}, "
        f"SHA-256 {exported.sha256}; in the audit as {exported.export}",
        markup=False,
    )
    if exported.n_rejected:
        notes.print(
            f"{exported.n_rejected:,} records that the policy refuses have no place in event time: not in the file"
        )
