"""What was requested of a run, and the manifest of a run that was made so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isinf

from stream_app import __version__
from stream_app.pipeline.replay.ranges.manifest import SCHEMA, Manifest, ScenarioSummary, digest_of
from stream_app.pipeline.replay.ranges.range_run import RangeRun
from stream_app.pipeline.replay.ranges.similar_cases import SimilarCases
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.pipeline.replay.scenarios.scenario import Scenario
from stream_app.pipeline.replay.source_log import SourceChoice
from stream_app.pipeline.replay.time_range import TimeRange


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
    """What was requested of a run.

    Attributes:
        scenarios: What was judged, the original first.
        time_range: The range of event time.
        choice: The topic that was read.
        described: Settings of each scenario, by its name.
        similar: The sample for individual consistency; None where it was not requested.
    """

    scenarios: Sequence[Scenario]
    time_range: TimeRange
    choice: SourceChoice
    described: Mapping[str, dict[str, str]] = field(default_factory=dict)
    similar: SimilarCases | None = None


def manifest_of(run_id: RunId, request: RunRequest, run: RangeRun, results: Sequence[ScenarioResults]) -> Manifest:
    """Return the manifest of a run, without its files.

    Args:
        run_id: What the run is called.
        request: What was requested.
        run: What was read.
        results: Disclosed results, in the order of the scenarios.
    """
    model = request.scenarios[0].model
    summaries = tuple(
        _summary(scenario, disclosed, request.described.get(scenario.name, {}))
        for scenario, disclosed in zip(request.scenarios, results, strict=True)
    )
    return Manifest(
        schema=SCHEMA,
        run=run_id.run,
        made_at=datetime.fromtimestamp(run_id.made_at_s, UTC).isoformat(timespec="seconds"),
        code_version=__version__,
        model=model.name,
        topic=request.choice.topic_of(model),
        source=request.choice.kind,
        from_s=_finite(request.time_range.from_s),
        to_s=_finite(request.time_range.to_s),
        begins=run.begins,
        ends=run.ends,
        n_records=run.n_records,
        n_counted=run.dispositions.n_counted,
        scenarios=summaries,
        consistency=request.similar.compare(summaries[0].k) if request.similar is not None else None,
    )


def _summary(scenario: Scenario, disclosed: ScenarioResults, settings: dict[str, str]) -> ScenarioSummary:
    return ScenarioSummary(
        name=scenario.name,
        policy_hash=scenario.policy_hash,
        k=disclosed.results[0].k if disclosed.results else scenario.model.privacy.k,
        n_results=len(disclosed.results),
        n_alerts=len(disclosed.alerts),
        digest=digest_of([*disclosed.results, *disclosed.alerts]),
        settings=settings,
        n_withheld=disclosed.n_withheld,
    )


def _finite(time_s: float) -> float | None:
    return None if isinf(time_s) else time_s
