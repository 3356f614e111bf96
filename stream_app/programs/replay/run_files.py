"""The files of a run: results of each variant, the report, and the manifest that makes them a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from stream_app import __version__
from stream_app.edges.files.run_folder import new_run, read_run
from stream_app.errors import ConfigError, DependencyMissingError
from stream_app.pipeline.disclosure.alerts import DisclosedAlert, disclose_alert
from stream_app.pipeline.disclosure.results import DisclosedResult, disclose_result
from stream_app.pipeline.disclosure.rows import columns_of, rows_of
from stream_app.pipeline.judge.model_judge import ModelReport
from stream_app.pipeline.replay.ranges.comparison import ScenarioResults
from stream_app.pipeline.replay.ranges.manifest import SCHEMA, Manifest, ScenarioSummary, digest_of
from stream_app.pipeline.replay.ranges.range_replay import Scenario, TimeRange
from stream_app.pipeline.replay.ranges.similar_cases import SimilarCases
from stream_app.programs.replay.run import RangeRun
from stream_app.programs.replay.sources import SourceChoice
from stream_app.render.report.page import write_report

REPORT = "report.html"

Line = TypeVar("Line")


@dataclass(frozen=True)
class RunId:
    """What a run is called, and when it was made.

    Attributes:
        run: Its id, which becomes the name of its folder.
        made_at_s: Seconds since the epoch.
    """

    run: str
    made_at_s: float


@dataclass(frozen=True)
class RunRequest:
    """What was asked of a run.

    Attributes:
        scenarios: What was judged, the original first.
        time_range: The stretch of event time.
        choice: The topic that was read.
        described: Settings of each what-if, by name of the variant.
        similar: The sample for individual consistency; None where it is not asked for.
    """

    scenarios: Sequence[Scenario]
    time_range: TimeRange
    choice: SourceChoice
    described: Mapping[str, dict[str, str]] = field(default_factory=dict)
    similar: SimilarCases | None = None


@dataclass(frozen=True)
class SavedRun:
    """A run on disk.

    Attributes:
        path: Its folder.
        manifest: What it was made from.
        said: What each variant says, in order.
        has_parquet: Whether Parquet files are among its files.
    """

    path: Path
    manifest: Manifest
    said: list[ScenarioResults]
    has_parquet: bool


def disclose_scenarios(ran: RangeRun, scenarios: Iterable[Scenario], *, is_exact: bool) -> list[ScenarioResults]:
    """Hide what may not be seen of what each variant says."""
    return [
        disclose_scenario(own.name, ran.reports[own.name], 0 if is_exact else own.model.privacy.k) for own in scenarios
    ]


def disclose_scenario(name: str, report: ModelReport, k: int) -> ScenarioResults:
    """Hide what may not be seen of a report."""
    results = [disclose_result(own, k) for own in report.results]
    return ScenarioResults(name, results, [disclose_alert(own, k) for own in report.alerts])


def save(state_dir: Path, name: RunId, asked: RunRequest, ran: RangeRun, said: Sequence[ScenarioResults]) -> SavedRun:
    """Write the folder of a run.

    Args:
        state_dir: Folder of the installation.
        name: What the run is called.
        asked: What was asked.
        ran: What was read.
        said: What each variant says, disclosed.

    Raises:
        ConfigError: the folder exists already, or cannot be written.
    """
    manifest = _manifest(name, asked, ran, said)
    has_parquet = True
    with new_run(state_dir, name.run) as folder:
        for number, own in enumerate(said):
            folder.write(f"results-{number}.jsonl", b"".join(msgspec.json.encode(each) + b"\n" for each in own.results))
            folder.write(f"alerts-{number}.jsonl", b"".join(msgspec.json.encode(each) + b"\n" for each in own.alerts))
            try:
                folder.write_parquet(f"results-{number}.parquet", columns_of(rows_of(own.results, scenario=own.name)))
            except DependencyMissingError:
                has_parquet = False
        folder.write(REPORT, write_report(manifest, said, asked.scenarios[0].model))
        folder.finish(manifest)
        return SavedRun(folder.path, manifest, list(said), has_parquet)


def load(state_dir: Path, run: str) -> SavedRun:
    """Read a run back.

    Raises:
        ConfigError: there is no such run, or it is not whole.
    """
    path, manifest = read_run(state_dir, run)
    said = [
        ScenarioResults(
            own.name,
            _read_lines(path / f"results-{number}.jsonl", DisclosedResult),
            _read_lines(path / f"alerts-{number}.jsonl", DisclosedAlert),
        )
        for number, own in enumerate(manifest.scenarios)
    ]
    return SavedRun(path, manifest, said, (path / "results-0.parquet").exists())


def _manifest(name: RunId, asked: RunRequest, ran: RangeRun, said: Sequence[ScenarioResults]) -> Manifest:
    model = asked.scenarios[0].model
    judged = tuple(
        ScenarioSummary(
            name=scenario.name,
            policy_hash=scenario.policy_hash,
            k=own.results[0].k if own.results else scenario.model.privacy.k,
            n_results=len(own.results),
            n_alerts=len(own.alerts),
            digest=digest_of([*own.results, *own.alerts]),
            settings=asked.described.get(scenario.name, {}),
        )
        for scenario, own in zip(asked.scenarios, said, strict=True)
    )
    return Manifest(
        schema=SCHEMA,
        run=name.run,
        made_at=datetime.fromtimestamp(name.made_at_s, UTC).isoformat(timespec="seconds"),
        code_version=__version__,
        model=model.name,
        topic=asked.choice.topic_of(model),
        source=asked.choice.kind,
        from_s=_finite(asked.time_range.from_s),
        to_s=_finite(asked.time_range.to_s),
        begins=ran.begins,
        ends=ran.ends,
        n_records=ran.n_records,
        n_counted=ran.dispositions.n_counted,
        scenarios=judged,
        consistency=asked.similar.compare(judged[0].k) if asked.similar is not None else None,
    )


def _read_lines(path: Path, kind: type[Line]) -> list[Line]:
    try:
        return [msgspec.json.decode(line, type=kind) for line in path.read_bytes().splitlines()]
    except (OSError, msgspec.MsgspecError):
        raise ConfigError(f"{path} cannot be read by this version", action="Make the run again") from None


def _finite(time_s: float) -> float | None:
    return None if time_s in (float("inf"), float("-inf")) else time_s
