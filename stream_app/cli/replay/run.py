"""``fairstream replay run``: judge a time range again, with a folder of results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.selection import AlertId, ReplayRange, ReplaySource, UnsafeExact
from stream_app.cli.flags.settings import CommonFlags, Json
from stream_app.cli.replay.alternatives.single import AlternativeRun
from stream_app.cli.replay.progress import progress_bar
from stream_app.cli.replay.run_name import RunName, name_run, show_saved
from stream_app.cli.replay.selection import COMPARED_KINDS, select_model, select_source, select_time_range, window_range
from stream_app.errors import ConfigError
from stream_app.pipeline.replay.moments import parse_moment
from stream_app.pipeline.replay.ranges.pace import ReplaySpeed
from stream_app.pipeline.replay.ranges.run_request import RunRequest
from stream_app.pipeline.replay.ranges.similar_cases import SimilarCases
from stream_app.pipeline.replay.scenarios.scenario import original_scenario
from stream_app.pipeline.replay.sources import Observe
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy, load_policy
from stream_app.programs.audit.events import append_event
from stream_app.programs.replay.live import read_former
from stream_app.programs.replay.release.scenarios import release_scenarios
from stream_app.programs.replay.run import run as judge
from stream_app.programs.replay.run_files import save
from stream_app.programs.replay.verify import range_of_alert
from stream_app.settings import Settings


@dataclass(frozen=True)
class NamedRange:
    """A time range by the name of what it covers, instead of ``--from`` and ``--to``."""

    alert: AlertId = None
    window_end: Annotated[
        str | None,
        typer.Option(
            "--window-end", metavar="TIME", help="Take the window that ends at this time.", show_default=False
        ),
    ] = None
    window: Annotated[
        str | None,
        typer.Option("--window", metavar="NAME", help="Name of that window.", show_default="first of the policy"),
    ] = None

    def resolve(self, settings: Settings, model: ModelPolicy, now_s: float) -> TimeRange | None:
        """Return the time range; None if no flag is given."""
        if self.alert is not None:
            extent = range_of_alert(settings, model, self.alert)
            return TimeRange(extent.from_s or 0, extent.to_s or 0)
        if self.window_end is not None:
            return window_range(model, self.window, parse_moment(self.window_end, now_s))
        return None


@dataclass(frozen=True)
class SpeedFlags:
    """How fast the log is read."""

    speed: Annotated[str, typer.Option("--speed", metavar="SPEED", help="max, 1x (as it happened), 60x, ...")] = "max"
    rate: Annotated[
        float | None, typer.Option("--rate", min=1, help="Maximum records per second.", show_default=False)
    ] = None

    def replay_speed(self) -> ReplaySpeed:
        """Return what limits the reading."""
        return ReplaySpeed(parse_speed(self.speed), self.rate)


@dataclass(frozen=True)
class RunContent(AlternativeRun):
    """What a run computes and shows."""

    consistency: Annotated[
        int,
        typer.Option(
            "--consistency", min=0, max=20_000, help="Records compared for individual consistency, at most; 0: none."
        ),
    ] = 2000
    unsafe_exact: UnsafeExact = False


@with_flags
def run_replay(
    *,
    selection: ReplayRange,
    named: NamedRange,
    source: ReplaySource,
    speed: SpeedFlags,
    content: RunContent,
    run: RunName = None,
    flags: CommonFlags,
    as_json: Json = False,
) -> None:
    """Judge a time range again and write results and a report.

    --alert or --window-end can name the time range instead of --from and --to. The ends of the log are fixed at the
    start; no consumer group is joined and nothing is committed. Windows that extend beyond the time range are left
    out. Groups of fewer than k are suppressed in the files, and groups of which fewer than k people would follow beside
    former runs are withheld. With --alternative, decisions are those of another rule.

    Example: fairstream replay run --from 2h --to now --published
    """
    settings = flags.settings()
    policy = load_policy(settings.policy)
    model = select_model(policy, selection.model, kinds=COMPARED_KINDS)
    name = name_run(run)
    time_range = select_time_range(selection.from_, selection.to, name.made_at_s)
    time_range = named.resolve(settings, model, name.made_at_s) or time_range
    choice = select_source(model, source)
    scenarios = [original_scenario(model)]
    has_similar = content.consistency and model.kind == "decisions"  # amounts are not alike or different
    similar = SimilarCases(model, time_range, content.consistency) if has_similar else None
    observe: Observe | None = similar.reader_of if similar is not None else None
    described: dict[str, dict[str, str]] = {}
    if (decided := content.rule_of(model)) is not None:
        scenarios = [msgspec.structs.replace(scenarios[0], name=decided.name)]
        observe, described = decided.observing(model, observe), {decided.name: decided.described}
    with progress_bar("replaying", as_json=as_json) as note:
        range_run = judge(settings, scenarios, time_range, choice, note, speed.replay_speed(), observe)
    cut = None if decided is None else decided.cut_of(time_range.aligned(model.period_s))
    with progress_bar("comparing with former replays", as_json=as_json) as note:
        former = read_former(settings, model, choice.topic_of(model), time_range, note)
        results = release_scenarios(former, range_run, scenarios, is_exact=content.unsafe_exact, decided=cut)
    request = RunRequest(scenarios, time_range, choice, described, similar)
    append_event(settings, "replay-run", {"run": name.run, "model": model.name, "is_exact": content.unsafe_exact})
    show_saved(save(Path(settings.state_dir), name, request, range_run, results), as_json=as_json)


def parse_speed(text: str) -> float | None:
    """Return the seconds of event time that pass in one second; None for no limit.

    Raises:
        ConfigError: The speed is invalid.

    >>> parse_speed("60x"), parse_speed("max")
    (60.0, None)
    """
    if text == "max":
        return None
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise ConfigError(f"Invalid --speed {text!r}", action="Give max, 1x, 60x, ...")
    return speed
