"""``fairstream replay compare``: the verdicts of other settings compared with the original."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.exits import Exit
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.selection import ReplayRange, ReplaySource, UnsafeExact
from stream_app.cli.flags.settings import CommonFlags, Json
from stream_app.cli.layout.listing import Column, Listing, Section
from stream_app.cli.output import facts, print_json, print_listing
from stream_app.cli.replay.progress import progress_bar
from stream_app.cli.replay.run_name import RunName, name_run, show_saved
from stream_app.cli.replay.scenarios import ScenarioFlags
from stream_app.cli.replay.selection import COMPARED_KINDS, select_model, select_source, select_time_range
from stream_app.pipeline.disclosure.wording import words_of_test
from stream_app.pipeline.records.results import CROSS
from stream_app.pipeline.replay.ranges.run_request import RunRequest
from stream_app.pipeline.replay.scenarios.comparison import RunComparison, compare_runs, field_words
from stream_app.policy import load_policy
from stream_app.programs.audit.events import append_event
from stream_app.programs.replay.live import read_former, read_live
from stream_app.programs.replay.release.scenarios import release_scenarios
from stream_app.programs.replay.run import run as judge
from stream_app.programs.replay.run_files import load, save

_MAX_SHOWN = 20
_LIVE = "live"
_COLUMNS = (
    *(Column(name, is_text=True, is_head=True) for name in ("attribute", "group", "value")),
    *(Column(name, is_number=True) for name in ("original", "scenario", "delta")),
)


@with_flags
def compare(
    *,
    selection: ReplayRange,
    scenario_flags: ScenarioFlags,
    source: ReplaySource,
    with_: Annotated[
        str | None,
        typer.Option(
            "--with",
            metavar="live|RUN",
            help="Compare with the published results (live) or with an earlier run.",
            show_default="the original policy",
        ),
    ] = None,
    run: RunName = None,
    unsafe_exact: UnsafeExact = False,
    flags: CommonFlags,
    as_json: Json = False,
) -> None:
    """Compare scenarios: other thresholds, windows, groups, policies.

    --set, --reference and --group-map together make one scenario; --other-policy and each --scenario make further
    ones. All of them are judged in one pass over the log.

    Ends with 0 if the alerts are the same, with 2 if the alerts of any scenario differ from the original ones.

    Example: fairstream replay compare --from 1d --set threshold.dir=0.85 --scenario window=6h,k=20
    """
    settings = flags.settings()
    policy = load_policy(settings.policy)
    model = select_model(policy, selection.model, kinds=COMPARED_KINDS)
    name = name_run(run)
    time_range = select_time_range(selection.from_, selection.to, name.made_at_s)
    choice = select_source(model, source)
    scenarios, described = scenario_flags.scenarios(policy, model)
    state_dir = Path(settings.state_dir)
    with progress_bar("comparing", as_json=as_json) as note:
        range_run = judge(settings, scenarios, time_range, choice, note)
    with progress_bar("comparing with former replays", as_json=as_json) as note:
        former = read_former(settings, model, choice.topic_of(model), time_range, note)
        results = release_scenarios(former, range_run, scenarios, is_exact=unsafe_exact)
    original, *others = results
    facts_of_run = {"run": name.run, "model": model.name, "is_exact": unsafe_exact, "n_scenarios": len(scenarios)}
    append_event(settings, "replay-run", facts_of_run)
    saved = save(state_dir, name, RunRequest(scenarios, time_range, choice, described), range_run, results)
    if with_ == _LIVE:
        original = read_live(settings, model, time_range, k=0 if unsafe_exact else model.privacy.k)
    elif with_ is not None:
        original = load(state_dir, with_).scenarios[0]._replace(name=with_)
    comparisons = [compare_runs(original, other) for other in others]
    if as_json:
        n_withheld = {scenario.name: scenario.n_withheld for scenario in results}
        print_json({"run": saved.manifest.run, "scenarios": comparisons, "n_withheld": n_withheld})
    else:
        show_saved(saved, as_json=False)
        for comparison in comparisons:
            _show(comparison)
    if any(comparison.alerts for comparison in comparisons):
        raise typer.Exit(Exit.USAGE)


def _show(comparison: RunComparison) -> None:
    if rows := list(_delta_rows(comparison)):
        print_listing(Listing(f"{comparison.original} | {comparison.scenario}", _COLUMNS, [Section(rows)]))
    else:
        facts.print(f"{comparison.scenario}: all values are equal", markup=False)
    for change in comparison.alerts[:_MAX_SHOWN]:
        times = " -> ".join(_time(time_s) for time_s in (change.original_s, change.scenario_s) if time_s is not None)
        facts.print(
            f"alert {change.kind}: {change.attribute} {change.group}, {words_of_test(change.test)}, {times}",
            markup=False,
        )
    if len(comparison.alerts) > _MAX_SHOWN:
        facts.print(f"and {len(comparison.alerts) - _MAX_SHOWN} more alerts differ")
    if not comparison.alerts:
        facts.print("The alerts are the same.")


def _delta_rows(comparison: RunComparison) -> Iterator[tuple[str, ...]]:
    """Yield the values that differ; those of intersections are in ``--json`` and in the report."""
    for delta in comparison.deltas:
        if delta.original != delta.scenario and CROSS not in delta.attribute:
            numbers = (_number(delta.original), _number(delta.scenario), _number(delta.delta, "+"))
            yield (delta.attribute, delta.group, field_words(delta.field), *numbers)


def _number(value: float | None, sign: str = "") -> str:
    if value is None:
        return "-"
    return f"{value:{sign}}" if isinstance(value, int) else f"{value:{sign}.6g}"


def _time(time_s: int) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
