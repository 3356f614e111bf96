"""``fairstream replay run``: a stretch of the log judged again, with a folder of results."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli.output import Json, Kafka, PolicyName, StateDir, facts, notes, print_json, read_settings
from stream_app.cli.replay.group import replay
from stream_app.cli.replay.options import (
    AlertId,
    From,
    FromRaw,
    Model,
    SourceTopic,
    To,
    UnsafeExact,
    WindowEnd,
    WindowName,
    choice_of,
    model_of,
    progress_bar,
)
from stream_app.errors import ConfigError
from stream_app.policy import ModelPolicy, load_policy

if TYPE_CHECKING:
    from stream_app.pipeline.replay.ranges.run_request import RunId
    from stream_app.pipeline.replay.time_range import TimeRange
    from stream_app.programs.replay.run_files import SavedRun

_MAX_RUN_LENGTH = 60

RunFlag = Annotated[str | None, typer.Option("--run", help="Id of the new run.", show_default="time and chance")]
Speed = Annotated[str, typer.Option("--speed", help="max, 1x (as it was), 60x, ...")]
ConsistencyRecords = Annotated[
    int,
    typer.Option("--consistency", min=0, max=20_000, help="Most records compared for individual consistency; 0: none."),
]
Rate = Annotated[float | None, typer.Option("--rate", min=1, help="Most records in a second.", show_default=False)]


@replay.command("run")
def run_replay(  # noqa: PLR0913, PLR0917 - one for each flag
    kafka: Kafka = None,
    policy: PolicyName = None,
    state_dir: StateDir = None,
    model: Model = None,
    from_: From = None,
    to: To = None,
    alert: AlertId = None,
    window_end: WindowEnd = None,
    window: WindowName = None,
    from_raw: FromRaw = True,
    source_topic: SourceTopic = None,
    speed: Speed = "max",
    rate: Rate = None,
    run: RunFlag = None,
    consistency: ConsistencyRecords = 2000,
    unsafe_exact: UnsafeExact = False,
    as_json: Json = False,
) -> None:
    """Judge a stretch of event time once more, and write results and a report into a folder.

    The ends of the log are frozen at the start, no consumer group is joined and nothing is committed. Windows that the
    stretch cuts are left out. Groups of fewer than k are hidden in the files.

    Instead of --from and --to, --alert or --window-end can name the stretch.

    Example: fairstream replay run --from 2h --to now --published
    """
    from stream_app.pipeline.replay.moments import parse_moment  # noqa: PLC0415  # other commands start faster
    from stream_app.pipeline.replay.ranges.pace import ReplaySpeed  # noqa: PLC0415
    from stream_app.pipeline.replay.ranges.run_request import RunRequest  # noqa: PLC0415
    from stream_app.pipeline.replay.ranges.similar_cases import SimilarCases  # noqa: PLC0415
    from stream_app.pipeline.replay.scenarios.results import disclose_scenarios  # noqa: PLC0415
    from stream_app.pipeline.replay.scenarios.scenario import original_scenario  # noqa: PLC0415
    from stream_app.pipeline.replay.time_range import TimeRange  # noqa: PLC0415
    from stream_app.programs.replay.run import run as judge_again  # noqa: PLC0415
    from stream_app.programs.replay.run_files import save  # noqa: PLC0415
    from stream_app.programs.replay.verify import range_of_alert  # noqa: PLC0415

    settings = read_settings(kafka=kafka, policy=policy, state_dir=state_dir)
    watched = load_policy(settings.policy)
    meant = model_of(watched, model)
    name = name_run(run)
    time_range = time_range_of(from_, to, name.made_at_s)
    if alert is not None:
        extent = range_of_alert(settings, meant, alert)
        time_range = TimeRange(extent.from_s or 0, extent.to_s or 0)
    elif window_end is not None:
        time_range = window_range(meant, window, parse_moment(window_end, name.made_at_s))
    choice = choice_of(meant, from_raw=from_raw, source_topic=source_topic)
    scenarios = [original_scenario(watched, meant)]
    with progress_bar("replaying", as_json=as_json) as note:
        similar = SimilarCases(meant, time_range, consistency) if consistency else None
        observe = similar.reader_of if similar is not None else None
        ran = judge_again(settings, scenarios, time_range, choice, note, ReplaySpeed(speed_of(speed), rate), observe)
    said = disclose_scenarios(ran.reports, scenarios, is_exact=unsafe_exact)
    asked = RunRequest(scenarios, time_range, choice, similar=similar)
    show_saved(save(Path(settings.state_dir), name, asked, ran, said), as_json=as_json)


def name_run(run: str | None) -> RunId:
    """Return the given id of a run, or a new one."""
    from stream_app.pipeline.replay.ranges.run_request import RunId  # noqa: PLC0415

    now_s = time.time()
    if run is not None and (not run.replace("-", "").replace("_", "").isalnum() or len(run) > _MAX_RUN_LENGTH):
        raise ConfigError(f"{run!r} is no id of a run", action="Give letters, digits, - and _, at most 60")
    moment = datetime.fromtimestamp(now_s, UTC)
    return RunId(run or f"{moment:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}", now_s)


def time_range_of(from_: str | None, to: str | None, now_s: float) -> TimeRange:
    """Return the stretch of event time that is meant."""
    from stream_app.pipeline.replay.moments import parse_moment  # noqa: PLC0415
    from stream_app.pipeline.replay.time_range import TimeRange  # noqa: PLC0415

    return TimeRange(
        float("-inf") if from_ is None else parse_moment(from_, now_s),
        float("inf") if to is None else parse_moment(to, now_s),
    )


def window_range(model: ModelPolicy, name: str | None, end_s: int) -> TimeRange:
    """Return the stretch of one window of the policy.

    Raises:
        ConfigError: the policy has no such window, or none that ends then.
    """
    from stream_app.pipeline.replay.time_range import TimeRange  # noqa: PLC0415

    sizes = {own.name: own.size_s for own in model.windows}
    size_s = sizes.get(name or model.windows[0].name)
    if size_s is None or end_s % size_s:
        raise ConfigError("No such window ends then", action=f"Windows: {', '.join(sizes)}, aligned to 1970 UTC")
    return TimeRange(end_s - size_s, end_s)


def speed_of(text: str) -> float | None:
    """Return how many seconds of event time go by in one second; None for as many as can.

    >>> speed_of("60x"), speed_of("max")
    (60.0, None)
    """
    if text == "max":
        return None
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise ConfigError(f"--speed {text!r} is no speed", action="Give max, 1x, 60x, ...")
    return speed


def show_saved(saved: SavedRun, *, as_json: bool) -> None:
    """Print where a run lies and what it says in short."""
    if as_json:
        print_json(saved.manifest)
        return
    own = saved.manifest
    facts.print(f"run {own.run}: {own.n_records:,} records of {own.topic} read, {own.n_counted:,} events counted")
    for judged in own.scenarios:
        facts.print(
            f"  {judged.name}: {judged.n_results:,} results, {judged.n_alerts:,} alerts, digest {judged.digest[:16]}",
            markup=False,
        )
    if own.consistency is not None:
        found = own.consistency
        said = f"{found.value:.4f}, {found.n:,} records" if found.value is not None else f"none ({found.reason})"
        facts.print(f"  individual consistency: {said}", markup=False)
    facts.print(f"{saved.path}/report.html", markup=False)
    if not saved.has_parquet:
        notes.print("No Parquet: pip install 'fairstream[replay]'", markup=False)
