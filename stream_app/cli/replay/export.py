"""``fairstream replay list``, ``export`` and ``openmetrics``: what runs there are, and what may leave of them."""

from __future__ import annotations

import enum
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from stream_app.cli.output import Json, StateDir, facts, notes, print_json, read_settings
from stream_app.cli.replay.group import replay
from stream_app.errors import ConfigError

if TYPE_CHECKING:
    from stream_app.programs.replay.run_files import SavedRun


class Format(enum.StrEnum):
    """How an export is written."""

    PARQUET = "parquet"
    CSV = "csv"
    JSON = "json"


RunId = Annotated[str, typer.Argument(metavar="RUN", help="Id of a run; see: fairstream replay list")]
VariantName = Annotated[str | None, typer.Option("--variant", help="One variant; all by default.", show_default=False)]
Out = Annotated[Path | None, typer.Option("--out", help="File to write.", show_default="stdout")]


@replay.command("list")
def list_runs(state_dir: StateDir = None, as_json: Json = False) -> None:
    """List the runs of this state folder; a folder without manifest is not one.

    Example: fairstream replay list --json
    """
    from stream_app.edges.files.run_folder import list_runs as find_runs  # noqa: PLC0415  # other commands start faster

    runs = find_runs(Path(read_settings(state_dir=state_dir).state_dir))
    for own in runs:
        if as_json:
            print_json(own)
        else:
            names = "; ".join(scenario.name for scenario in own.scenarios)
            facts.print(f"{own.run:<24} {own.made_at}  {own.model}  {own.n_counted:,} events  {names}", markup=False)
    if not runs:
        notes.print("No runs yet: fairstream replay run")


@replay.command()
def export(
    run: RunId,
    format_: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.CSV,
    out: Out = None,
    scenario: VariantName = None,
    state_dir: StateDir = None,
) -> None:
    """Write the results of a run, a row for each group; no records, and groups of fewer than k stay hidden.

    A cell of CSV that a spreadsheet would take for a formula is made text.

    Example: fairstream replay export 20261123-090000-a1b2c3 --format parquet --out results.parquet
    """
    from stream_app.edges.files.run_folder import write_parquet  # noqa: PLC0415  # other commands start faster
    from stream_app.pipeline.disclosure.rows import columns_of, csv_of, rows_of  # noqa: PLC0415

    saved = _load(state_dir, run, scenario)
    rows = [row for own in saved.scenarios for row in rows_of(own.results, run=run, scenario=own.name)]
    if format_ is Format.PARQUET:
        if out is None:
            raise ConfigError("Parquet needs a file", action="Give --out FILE")
        _reject_existing(out)
        write_parquet(out, columns_of(rows))
    elif format_ is Format.CSV:
        _write(out, csv_of(rows))
    else:
        _write(out, "".join(msgspec.json.encode(row).decode() + "\n" for row in rows))


@replay.command("openmetrics")
def write_open_metrics(run: RunId, out: Out = None, scenario: VariantName = None, state_dir: StateDir = None) -> None:
    """Write a run as OpenMetrics with event times and the label run, to be laid over the live series.

    Example: fairstream replay openmetrics RUN --out run.txt; promtool tsdb create-blocks-from openmetrics run.txt data/
    """
    from stream_app.pipeline.replay.export.open_metrics import open_metrics_of  # noqa: PLC0415  # other commands start faster

    saved = _load(state_dir, run, scenario)
    _write(out, "".join(open_metrics_of(run, saved.scenarios)))


def _load(state_dir: str | None, run: str, scenario: str | None) -> SavedRun:
    from stream_app.programs.replay.run_files import load  # noqa: PLC0415

    saved = load(Path(read_settings(state_dir=state_dir).state_dir), run)
    if scenario is None:
        return saved
    chosen = [own for own in saved.scenarios if own.name == scenario]
    if not chosen:
        names = ", ".join(own.name for own in saved.scenarios)
        raise ConfigError(f"No variant {scenario!r} in run {run}", action=f"Known: {names}")
    return replace(saved, scenarios=chosen)


def _write(out: Path | None, text: str) -> None:
    if out is None:
        sys.stdout.write(text)
        return
    _reject_existing(out)
    try:
        out.touch(mode=0o600)
        out.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError(f"Cannot write {out}: {error.strerror}") from None


def _reject_existing(out: Path) -> None:
    if out.exists():
        raise ConfigError(f"{out} exists already", action="Give another --out")
