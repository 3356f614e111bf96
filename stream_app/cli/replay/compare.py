"""``fairstream replay compare``: what another policy would have said, beside what this one says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from stream_app.cli.exits import Exit
from stream_app.cli.output import Json, Kafka, PolicyName, StateDir, facts, print_json, read_settings
from stream_app.cli.replay.group import replay
from stream_app.cli.replay.options import (
    From,
    FromRaw,
    Model,
    SourceTopic,
    To,
    UnsafeExact,
    choice_of,
    model_of,
    progress_bar,
)
from stream_app.cli.replay.run import RunFlag, name_run, show_saved, time_range_of
from stream_app.errors import ConfigError
from stream_app.policy import ModelPolicy, Policy, load_policy

if TYPE_CHECKING:
    from stream_app.pipeline.replay.scenarios.comparison import RunComparison
    from stream_app.pipeline.replay.scenarios.scenario import Scenario

_MAX_SHOWN = 20
CROSS = "+"  # in the names of intersections; they are in --json and in the report

Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="threshold.dir=0.85, threshold.gap=0.15, window=6h, k=20, min_n=50.", show_default=False
    ),
]
Reference = Annotated[
    list[str] | None, typer.Option("--reference", help="ATTRIBUTE=GROUP: another reference group.", show_default=False)
]
GroupMap = Annotated[
    Path | None, typer.Option("--group-map", help="TOML: a table per attribute, spelling = group.", show_default=False)
]
Other = Annotated[
    str | None, typer.Option("--other-policy", help="A whole other policy as what-if.", show_default=False)
]
More = Annotated[
    list[str] | None,
    typer.Option("--what-if", help="One more what-if of settings by commas, in the same pass.", show_default=False),
]
With = Annotated[
    str | None,
    typer.Option("--with", help="Original: 'live' for the results in Kafka, or an earlier run.", show_default=False),
]


@replay.command()
def compare(  # noqa: PLR0913, PLR0917 - one for each flag
    kafka: Kafka = None,
    policy: PolicyName = None,
    state_dir: StateDir = None,
    model: Model = None,
    from_: From = None,
    to: To = None,
    settings_: Set = None,
    reference: Reference = None,
    group_map: GroupMap = None,
    other_policy: Other = None,
    more: More = None,
    with_: With = None,
    from_raw: FromRaw = True,
    source_topic: SourceTopic = None,
    run: RunFlag = None,
    unsafe_exact: UnsafeExact = False,
    as_json: Json = False,
) -> None:
    """Ask what another threshold, window, group map, reference or policy would have said.

    --set, --reference and --group-map together are one what-if; --other-policy and each --what-if are further ones;
    all are judged in one pass over the log. Ends with 0 when the alerts are the same, with 2 when the alerts of any
    what-if differ from the original's.

    Example: fairstream replay compare --from 1d --set threshold.dir=0.85 --what-if window=6h,k=20
    """
    from stream_app.pipeline.replay.ranges.run_request import RunRequest  # noqa: PLC0415
    from stream_app.pipeline.replay.scenarios.comparison import compare_runs  # noqa: PLC0415  # other commands start faster
    from stream_app.pipeline.replay.scenarios.results import disclose_scenarios  # noqa: PLC0415
    from stream_app.pipeline.replay.scenarios.scenario import original_scenario  # noqa: PLC0415
    from stream_app.programs.replay.live import read_live  # noqa: PLC0415
    from stream_app.programs.replay.run import run as judge_again  # noqa: PLC0415
    from stream_app.programs.replay.run_files import load, save  # noqa: PLC0415

    settings = read_settings(kafka=kafka, policy=policy, state_dir=state_dir)
    watched = load_policy(settings.policy)
    meant = model_of(watched, model)
    name = name_run(run)
    time_range = time_range_of(from_, to, name.made_at_s)
    choice = choice_of(meant, from_raw=from_raw, source_topic=source_topic)
    scenarios, described = _scenarios(watched, meant, settings_, reference, group_map, other_policy, more)
    scenarios = [original_scenario(watched, meant), *scenarios]
    with progress_bar("comparing", as_json=as_json) as note:
        ran = judge_again(settings, scenarios, time_range, choice, note)
    original, *others = said = disclose_scenarios(ran.reports, scenarios, is_exact=unsafe_exact)
    saved = save(Path(settings.state_dir), name, RunRequest(scenarios, time_range, choice, described), ran, said)
    if with_ == "live":
        original = read_live(settings, meant, time_range, k=0 if unsafe_exact else meant.privacy.k)
    elif with_ is not None:
        original = load(Path(settings.state_dir), with_).scenarios[0]._replace(name=with_)
    compared = [compare_runs(original, own) for own in others]
    if as_json:
        print_json({"run": saved.manifest.run, "what_ifs": compared})
    else:
        show_saved(saved, as_json=False)
        for own in compared:
            _show(own)
    if any(own.alerts for own in compared):
        raise typer.Exit(Exit.USAGE)


def _scenarios(
    policy: Policy,
    model: ModelPolicy,
    settings: list[str] | None,
    references: list[str] | None,
    group_map: Path | None,
    other_policy: str | None,
    more: list[str] | None,
) -> tuple[list[Scenario], dict[str, dict[str, str]]]:
    """Return the variants that the flags ask for, and what each of them changes."""
    from stream_app.pipeline.replay.scenarios.scenario import Scenario  # noqa: PLC0415
    from stream_app.pipeline.replay.scenarios.settings import (  # noqa: PLC0415
        ScenarioSettings,
        parse_group_map,
        parse_references,
        parse_settings,
        scenario_of,
    )

    try:
        groups = parse_group_map(group_map.read_text("utf-8")) if group_map else {}
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"Cannot read the group map {group_map}") from None
    asked = [ScenarioSettings(parse_settings(settings or []), parse_references(references or []), groups)]
    asked += [ScenarioSettings(parse_settings(text.split(","))) for text in more or []]
    asked = [own for own in asked if own.name]
    scenarios = [scenario_of(policy, model, own) for own in asked]
    described = {own.name: own.described() for own in asked}
    if other_policy is not None:
        other = load_policy(other_policy)
        scenarios.append(Scenario(name=other_policy, model=other.model(model.name), policy_hash=other.hash()))
        described[other_policy] = {"policy": other_policy}
    if not scenarios:
        raise ConfigError(
            "Nothing is asked", action="Give --set, --reference, --group-map, --what-if or --other-policy"
        )
    return scenarios, described


def _show(compared: RunComparison) -> None:
    table = Table(title=f"{compared.original} | {compared.scenario}", title_justify="left", title_style="bold")
    for name in ("attribute", "group", "value"):
        table.add_column(name)
    for name in ("original", "what-if", "delta"):
        table.add_column(name, justify="right")
    for own in compared.deltas:
        if own.original != own.scenario and CROSS not in own.attribute:
            numbers = (_number(own.original), _number(own.scenario), _number(own.delta, "+"))
            table.add_row(own.attribute, own.group, own.field, *numbers)
    if table.row_count:
        facts.print(table)
    else:
        facts.print(f"{compared.scenario}: every value is the same", markup=False)
    for change in compared.alerts[:_MAX_SHOWN]:
        times = " -> ".join(_time(own) for own in (change.original_s, change.scenario_s) if own is not None)
        facts.print(f"alert {change.kind}: {change.attribute} {change.group}, {change.test}, {times}", markup=False)
    if len(compared.alerts) > _MAX_SHOWN:
        facts.print(f"and {len(compared.alerts) - _MAX_SHOWN} more alerts differ")
    if not compared.alerts:
        facts.print("The alerts are the same.")


def _number(value: float | None, sign: str = "") -> str:
    if value is None:
        return "-"
    return f"{value:{sign}}" if isinstance(value, int) else f"{value:{sign}.6g}"


def _time(time_s: int) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
