"""Ids of runs, and the summary of a run for people."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from stream_app.cli.output import facts, notes, print_json
from stream_app.errors import ConfigError
from stream_app.extras import install_command
from stream_app.pipeline.disclosure.wording import withheld_words
from stream_app.pipeline.replay.ranges.run_request import RunId
from stream_app.programs.replay.run_files import SavedRun

_MAX_RUN_LENGTH = 60

RunName = Annotated[
    str | None, typer.Option("--run", metavar="ID", help="Id of the new run.", show_default="time and random digits")
]


def name_run(run: str | None) -> RunId:
    """Return the given id of a run, or a new one.

    Raises:
        ConfigError: The id is invalid.
    """
    now_s = time.time()
    if run is not None and (not run.replace("-", "").replace("_", "").isalnum() or len(run) > _MAX_RUN_LENGTH):
        raise ConfigError(f"Invalid run id {run!r}", action="Use letters, digits, - and _, at most 60")
    moment = datetime.fromtimestamp(now_s, UTC)
    return RunId(run or f"{moment:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}", now_s)


def show_saved(saved: SavedRun, *, as_json: bool) -> None:
    """Print where a run is located and its summary."""
    manifest = saved.manifest
    if as_json:
        print_json(manifest)
        return
    facts.print(
        f"run {manifest.run}: {manifest.n_records:,} records of {manifest.topic} read, "
        f"{manifest.n_counted:,} events counted",
        markup=False,
    )
    for scenario in manifest.scenarios:
        facts.print(
            f"  {scenario.name}: {scenario.n_results:,} results, {scenario.n_alerts:,} alerts, "
            f"SHA-256 {scenario.digest[:16]}",
            markup=False,
        )
        if scenario.n_withheld:
            notes.print(
                f"  {scenario.n_withheld:,} groups of {scenario.name}: {withheld_words(scenario.k)}", markup=False
            )
    if (consistency := manifest.consistency) is not None:
        value = f"{consistency.value:.4f}, {consistency.n:,} records" if consistency.value is not None else "none"
        reason = f" ({consistency.reason})" if consistency.value is None else ""
        facts.print(f"  individual consistency: {value}{reason}", markup=False)
    facts.print(f"{saved.path}/report.html", markup=False)
    if not saved.has_parquet:
        notes.print(f"No Parquet files; for them: {install_command('replay')}", markup=False)
