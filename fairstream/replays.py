"""Judge a time range of the log again, under the policy and under scenarios, into DataFrames of rates or of amounts.

A replay reads the records of a model from Kafka, joins no consumer group and commits nothing. It runs the functions of
the live worker. Disclosure control is applied as everywhere: suppressed groups stay suppressed, and what is shown is
noted in the ledger of releases of the state folder: groups of which fewer than k people would follow beside former
replays are withheld.
"""

from __future__ import annotations

import asyncio
import math
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairstream.frames.amount_columns import AMOUNT_COLUMNS, amount_records
from fairstream.frames.build import build_frame, load_pandas
from fairstream.frames.columns import text
from fairstream.frames.result_columns import ALERT_COLUMNS, RESULT_COLUMNS, alert_records, result_records
from fairstream.live import Moment, PolicySource, moment_s, read_policy
from stream_app.errors import ConfigError
from stream_app.pipeline.replay.ranges.range_run import RangeRun
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.pipeline.replay.scenarios.scenario import Scenario, original_scenario, scenario_under
from stream_app.pipeline.replay.scenarios.settings import ScenarioSettings, parse_settings, scenario_of
from stream_app.pipeline.replay.source_log import SourceChoice
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy, Policy
from stream_app.programs.replay.live import read_former
from stream_app.programs.replay.release.former import FormerReleases
from stream_app.programs.replay.release.scenarios import release_scenarios
from stream_app.programs.replay.run import run
from stream_app.settings import Settings, load_settings

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ReplayResult", "replay"]

Setting = str | int | float
_REFERENCE = "reference."

SCENARIO_COLUMN = text("scenario", "scenario", "Name of the scenario; `original` is the policy as it is.")
REPLAY_RESULT_COLUMNS = (SCENARIO_COLUMN, *RESULT_COLUMNS)
REPLAY_AMOUNT_COLUMNS = (SCENARIO_COLUMN, *AMOUNT_COLUMNS)
REPLAY_ALERT_COLUMNS = (SCENARIO_COLUMN, *ALERT_COLUMNS)


@dataclass(frozen=True, eq=False)
class ReplayResult:
    """What a replay reports.

    Attributes:
        results: Results of every scenario; the columns of ``fairstream.results`` after ``scenario``, or those of
            ``fairstream.amount_results`` where decisions of the model are amounts.
        alerts: Alerts of every scenario; the columns of ``fairstream.alerts`` after ``scenario``.
        scenarios: Names of the scenarios, ``original`` first.
        topic: The topic that was read.
        n_records: Records that were read.
        n_counted: Events that were counted under the original policy.
    """

    results: pd.DataFrame
    alerts: pd.DataFrame
    scenarios: tuple[str, ...]
    topic: str
    n_records: int
    n_counted: int

    def __repr__(self) -> str:
        names = ", ".join(self.scenarios)
        return (
            f"ReplayResult({self.topic}: {self.n_records} records, {self.n_counted} counted; {names};"
            f" {len(self.results)} rows of results, {len(self.alerts)} alerts)"
        )


def replay(  # noqa: PLR0913 - the options of the command, by name
    policy: PolicySource,
    *,
    kafka: str | None = None,
    model: str | None = None,
    start: Moment | None = None,
    end: Moment | None = None,
    published: bool = True,
    source_topic: str | None = None,
    scenarios: Mapping[str, Mapping[str, Setting] | Policy] | None = None,
    state_dir: str | Path | None = None,
) -> ReplayResult:
    """Judge a time range of event time again, in one pass over the log for all scenarios.

    The range is judged by itself: running totals and sequential tests begin with it, and windows that the range cuts
    are left out. The ends of the log are fixed at the start.

    Args:
        policy: A policy, the name of a shipped one, or the path of a TOML file.
        kafka: Bootstrap servers, ``host:port``; None for ``FAIRSTREAM_KAFKA``, and without it 127.0.0.1:9092.
        model: Model of the policy; needed where it has several.
        start: Start of the range; in the forms of ``results``. None for the beginning of the log.
        end: End of the range, not included; in the same forms. None for the end of the log.
        published: Read the pseudonymized events that ingest has published. False reads the raw records, which needs the
            key file.
        source_topic: Read a copy of the topic instead.
        scenarios: Alternatives by name: settings that differ from the policy, such as ``{"threshold.dir": 0.85}`` or
            ``{"window": "6h", "reference.race": "asian"}``, or another policy with the same model. The settings are
            those of ``fairstream replay compare --set``; where decisions are amounts, ``{"threshold.difference": 0.5}``
            is the limit of the means, and another policy has the same path, range and bins.
        state_dir: Folder of the ledger of releases and of the key file; None for ``FAIRSTREAM_STATE``.

    Returns:
        Results and alerts of the original policy and of every scenario. Where decisions are amounts, results have means
        and quantiles instead of approval rates.

    Raises:
        BrokerUnavailableError: No broker answers, or it went away.
        ConfigError: An argument is invalid, or the range is empty.
        DependencyMissingError: pandas is not installed.
        KeyFileError: Raw records need the key file, and there is none.
        PolicyError: A policy has an error, does not fit the records, or a scenario would show smaller groups.
        ReleaseRefusedError: Nothing can be shown beside former replays.
        ReplayError: No event is in the range.
        TopicError: The topic does not exist.
    """
    load_pandas()  # before a topic is read for nothing
    loaded = read_policy(policy)
    selected_model = _model(loaded, model)
    time_range = TimeRange(moment_s("start", start, -math.inf), moment_s("end", end, math.inf))
    choice = SourceChoice("published" if published else "raw", source_topic)
    settings = load_settings(os.environ, kafka=kafka, state_dir=None if state_dir is None else str(state_dir))
    judgments = [original_scenario(selected_model)]
    judgments += [_scenario(loaded, selected_model, name, change) for name, change in (scenarios or {}).items()]
    if len({scenario.name for scenario in judgments}) < len(judgments):
        raise ConfigError(f"scenarios: {judgments[0].name!r} is the name of the policy as it is", action="Rename it")
    replayed, former = _run(settings, judgments, time_range, choice)
    disclosed = release_scenarios(former, replayed, judgments, is_exact=False)
    return ReplayResult(
        results=results_frame(disclosed, judgments),
        alerts=alerts_frame(disclosed),
        scenarios=tuple(scenario.name for scenario in judgments),
        topic=choice.topic_of(selected_model),
        n_records=replayed.n_records,
        n_counted=replayed.dispositions.n_counted,
    )


def results_frame(results: Iterable[ScenarioResults], scenarios: Sequence[Scenario]) -> pd.DataFrame:
    """Return the results of scenarios: rates, or amounts where these are what the model decides.

    Args:
        results: Disclosed results of each scenario, in their order.
        scenarios: The scenarios, of one model; at least one.
    """
    if scenarios[0].model.kind == "amounts":
        return build_frame(REPLAY_AMOUNT_COLUMNS, _amount_records(results))
    return build_frame(REPLAY_RESULT_COLUMNS, _result_records(results, scenarios))


def alerts_frame(results: Iterable[ScenarioResults]) -> pd.DataFrame:
    """Return the alerts of scenarios.

    Args:
        results: What each scenario has found, disclosed.
    """
    return build_frame(REPLAY_ALERT_COLUMNS, _alert_records(results))


def _run(
    settings: Settings, scenarios: list[Scenario], time_range: TimeRange, choice: SourceChoice
) -> tuple[RangeRun, FormerReleases]:
    """Run a replay; in a thread of its own where this one already runs an event loop, as in a notebook."""
    is_stopped = threading.Event()

    def check(_: int, __: int) -> None:
        if is_stopped.is_set():
            raise CancelledError

    def run_and_read() -> tuple[RangeRun, FormerReleases]:
        model = scenarios[0].model
        replayed = run(settings, scenarios, time_range, choice, check)
        return replayed, read_former(settings, model, choice.topic_of(model), time_range)

    if not _has_event_loop():
        return run_and_read()
    with ThreadPoolExecutor(1) as pool:
        try:
            return pool.submit(run_and_read).result()
        finally:
            is_stopped.set()  # after an interrupt the thread ends with the next batch


def _has_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _model(policy: Policy, name: str | None) -> ModelPolicy:
    judged = [model for model in policy.models if model.is_tested]
    if name is None and len(judged) == 1:
        return judged[0]
    if name is None and len(policy.models) == 1:
        name = policy.models[0].name
    if name is None:
        names = ", ".join(repr(model.name) for model in judged)
        raise ConfigError(f"The policy judges {len(judged)} models", action=f"Name one with model=: {names}")
    model = policy.model(name)
    if not model.is_tested:
        raise ConfigError(f"Model {name!r} is counted, not judged: there is nothing to replay")
    return model


def _scenario(policy: Policy, model: ModelPolicy, name: str, change: Mapping[str, Setting] | Policy) -> Scenario:
    if isinstance(change, Policy):
        return scenario_under(change, model, name)
    references = {key.removeprefix(_REFERENCE): str(value) for key, value in change.items() if _is_reference(key)}
    settings = parse_settings(f"{key}={value}" for key, value in change.items() if not _is_reference(key))
    return scenario_of(policy, model, ScenarioSettings(settings, references), name)


def _is_reference(setting: str) -> bool:
    return setting.startswith(_REFERENCE)


def _result_records(results: Iterable[ScenarioResults], scenarios: Iterable[Scenario]) -> Iterator[Mapping[str, Any]]:
    for judged, scenario in zip(results, scenarios, strict=True):
        limits = {scenario.model.name: scenario.model.rules}
        for record in result_records(judged.results, limits.get):
            yield {**record, "scenario": judged.name}


def _amount_records(results: Iterable[ScenarioResults]) -> Iterator[Mapping[str, Any]]:
    for judged in results:
        for record in amount_records(judged.results):
            yield {**record, "scenario": judged.name}


def _alert_records(scenarios: Iterable[ScenarioResults]) -> Iterator[Mapping[str, Any]]:
    for scenario in scenarios:
        for record in alert_records(scenario.alerts):
            yield {**record, "scenario": scenario.name}
