"""``fairstream replay list``, ``export`` and ``openmetrics``: the saved runs, and what may leave of them."""

from __future__ import annotations

import enum
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import Json, StateDir, read_settings
from stream_app.cli.output import facts, notes, print_json
from stream_app.edges.files.run_folder import list_runs as read_manifests
from stream_app.edges.files.run_folder import parquet_of
from stream_app.edges.files.writing import reject_existing, write_new_file
from stream_app.errors import ConfigError
from stream_app.pipeline.disclosure.rows import columns_of, csv_of, rows_of
from stream_app.pipeline.replay.export.open_metrics import open_metrics_of
from stream_app.programs.audit.events import append_event
from stream_app.programs.replay.run_files import SavedRun, load


class Format(enum.StrEnum):
    """Format of an export."""

    PARQUET = "parquet"
    CSV = "csv"
    JSON = "json"


def complete_run(incomplete: str) -> Iterator[str]:
    """Yield the runs of the state folder that begin so; none if the settings are invalid."""
    with suppress(ConfigError):
        for manifest in read_manifests(Path(read_settings().state_dir)):
            if manifest.run.startswith(incomplete):
                yield manifest.run


@dataclass(frozen=True)
class SavedRunFlags:
    """A saved run, the scenario of it, and the file to write."""

    run: Annotated[
        str,
        typer.Argument(metavar="RUN", help="Id of a run; see fairstream replay list.", autocompletion=complete_run),
    ]
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="File to write.", show_default="stdout")] = (
        None
    )
    scenario: Annotated[
        str | None,
        typer.Option("--scenario", metavar="NAME", help="Only this scenario.", show_default="all"),
    ] = None
    state_dir: StateDir = None

    def load(self) -> SavedRun:
        """Read the run, only the scenario if one is given.

        Raises:
            ConfigError: There is no such run, or it has no such scenario.
        """
        saved = load(Path(read_settings(state_dir=self.state_dir).state_dir), self.run)
        if self.scenario is None:
            return saved
        chosen = [results for results in saved.scenarios if results.name == self.scenario]
        if not chosen:
            names = ", ".join(results.name for results in saved.scenarios)
            raise ConfigError(f"Run {self.run} has no scenario {self.scenario!r}", action=f"Scenarios: {names}")
        return replace(saved, scenarios=chosen)


def list_runs(state_dir: StateDir = None, as_json: Json = False) -> None:
    """List the saved runs.

    They are in the state folder. A folder without a manifest is not a completed run.

    Example: fairstream replay list --json
    """
    manifests = read_manifests(Path(read_settings(state_dir=state_dir).state_dir))
    for manifest in manifests:
        if as_json:
            print_json(manifest)
        else:
            names = "; ".join(scenario.name for scenario in manifest.scenarios)
            facts.print(
                f"{manifest.run:<24} {manifest.made_at}  {manifest.model}  {manifest.n_counted:,} events  {names}",
                markup=False,
            )
    if not manifests:
        notes.print("No runs. Make one with: fairstream replay run")


@with_flags
def export(
    flags: SavedRunFlags,
    format_: Annotated[Format, typer.Option("--format", help="Format of the file.")] = Format.CSV,
) -> None:
    """Write the results of a run as CSV, Parquet or JSON.

    There is one row per group and no single record; groups of fewer than k stay suppressed. A CSV cell that a
    spreadsheet would take for a formula is turned into text.

    Example: fairstream replay export 20261123-090000-a1b2c3 --format parquet --out results.parquet
    """
    saved = flags.load()
    rows = [
        row for scenario in saved.scenarios for row in rows_of(scenario.results, run=flags.run, scenario=scenario.name)
    ]
    if format_ is Format.PARQUET:
        if flags.out is None:
            raise ConfigError("Parquet cannot be written to stdout", action="Give --out FILE")
        _write(flags, parquet_of(columns_of(rows)))
    elif format_ is Format.CSV:
        _write(flags, csv_of(rows))
    else:
        _write(flags, "".join(msgspec.json.encode(row).decode() + "\n" for row in rows))


@with_flags
def write_open_metrics(flags: SavedRunFlags) -> None:
    """Write a run as OpenMetrics.

    The samples have event times and the label run, so that they can be shown with the live series.

    Example: fairstream replay openmetrics RUN --out run.txt; promtool tsdb create-blocks-from openmetrics run.txt data/
    """
    saved = flags.load()
    _write(flags, "".join(open_metrics_of(flags.run, saved.scenarios)))


def _write(flags: SavedRunFlags, content: str | bytes) -> None:
    """Write an export; an audit log has its hash before anybody has the file."""
    data = content.encode() if isinstance(content, str) else content
    if flags.out is not None:
        reject_existing(flags.out)  # before the audit log has an export that nobody gets
    file = "stdout" if flags.out is None else str(flags.out.absolute())
    facts_of_export = {"run": flags.run, "file": file, "n_bytes": len(data), "sha256": sha256(data).hexdigest()}
    append_event(read_settings(state_dir=flags.state_dir), "replay-export", facts_of_export)
    if flags.out is None:
        sys.stdout.write(data.decode())
    else:
        write_new_file(flags.out, data)
