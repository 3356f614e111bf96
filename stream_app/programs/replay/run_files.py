"""The files of a run: the results of each scenario, the report, and the manifest that makes them a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from stream_app.edges.files.run_folder import new_run, read_run
from stream_app.errors import ConfigError, DependencyMissingError
from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.pipeline.disclosure.rows import columns_of, rows_of
from stream_app.pipeline.replay.ranges.manifest import Manifest
from stream_app.pipeline.replay.ranges.range_run import RangeRun
from stream_app.pipeline.replay.ranges.run_request import RunId, RunRequest, manifest_of
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.render.report.page import write_report

REPORT = "report.html"

Line = TypeVar("Line")


@dataclass(frozen=True)
class SavedRun:
    """A run on disk.

    Attributes:
        path: Its folder.
        manifest: What it was made from.
        scenarios: Results of each scenario, in order.
        has_parquet: Whether Parquet files are among its files.
    """

    path: Path
    manifest: Manifest
    scenarios: list[ScenarioResults]
    has_parquet: bool


def save(
    state_dir: Path, run_id: RunId, request: RunRequest, run: RangeRun, results: Sequence[ScenarioResults]
) -> SavedRun:
    """Write the folder of a run.

    Args:
        state_dir: Folder of the installation.
        run_id: What the run is called.
        request: What was requested.
        run: What was read.
        results: Disclosed results, in the order of the scenarios.

    Raises:
        ConfigError: the folder exists already, or cannot be written.
    """
    manifest = manifest_of(run_id, request, run, results)
    has_parquet = True
    with new_run(state_dir, run_id.run) as folder:
        for number, scenario in enumerate(results):
            folder.write(f"results-{number}.jsonl", _lines(scenario.results))
            folder.write(f"alerts-{number}.jsonl", _lines(scenario.alerts))
            try:
                columns = columns_of(rows_of(scenario.results, scenario=scenario.name))
                folder.write_parquet(f"results-{number}.parquet", columns)
            except DependencyMissingError:
                has_parquet = False
        folder.write(REPORT, write_report(manifest, results, request.scenarios[0].model))
        folder.finish(manifest)
        return SavedRun(folder.path, manifest, list(results), has_parquet)


def load(state_dir: Path, run: str) -> SavedRun:
    """Read a run.

    Raises:
        ConfigError: there is no such run, or it is not complete.
    """
    path, manifest = read_run(state_dir, run)
    scenarios = [
        ScenarioResults(
            scenario.name,
            _read_lines(path / f"results-{number}.jsonl", DisclosedResult),
            _read_lines(path / f"alerts-{number}.jsonl", DisclosedAlert),
        )
        for number, scenario in enumerate(manifest.scenarios)
    ]
    return SavedRun(path, manifest, scenarios, (path / "results-0.parquet").exists())


def _lines(records: Sequence[DisclosedResult | DisclosedAlert]) -> bytes:
    return b"".join(msgspec.json.encode(record) + b"\n" for record in records)


def _read_lines(path: Path, kind: type[Line]) -> list[Line]:
    try:
        return [msgspec.json.decode(line, type=kind) for line in path.read_bytes().splitlines()]
    except (OSError, msgspec.MsgspecError):
        raise ConfigError(f"{path} cannot be read by this version", action="Make the run again") from None
