"""``fairstream replay bisect``: when, with which model version and in which segment a group's treatment changed."""

from __future__ import annotations

import enum
import time
from typing import Annotated

import typer

from stream_app.cli.exits import Exit
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.selection import ReplayRange, ReplaySource
from stream_app.cli.flags.settings import CommonFlags, Json
from stream_app.cli.output import facts, print_json
from stream_app.cli.replay.progress import progress_bar
from stream_app.cli.replay.selection import select_model, select_source, select_time_range
from stream_app.cli.replay.texts.bisect import describe
from stream_app.pipeline.replay.bisect.bisection import attribute_of
from stream_app.policy import load_policy
from stream_app.programs.replay.bisect import bisect as search

_MAX_P_VALUE = 0.01


class MetricName(enum.StrEnum):
    """The measure whose change is searched."""

    DIR = "dir"
    GAP = "gap"


@with_flags
def bisect(
    *,
    group: Annotated[str, typer.Option("--group", metavar="GROUP", help="Group to search for.")],
    metric: Annotated[MetricName, typer.Option("--metric", help="Measure that changed.")] = MetricName.DIR,
    attribute: Annotated[
        str | None,
        typer.Option(
            "--attribute",
            metavar="NAME",
            help="Attribute of the group; required if several have it.",
            show_default=False,
        ),
    ] = None,
    selection: ReplayRange,
    source: ReplaySource,
    flags: CommonFlags,
    as_json: Json = False,
) -> None:
    """Find when, with which model version and where a group's treatment changed.

    The search is for one change: give a time range (--from, --to) that contains one. Model versions are shown if the
    policy names their field (model_version).

    Ends with 0 if there is a change with p < 0.01, with 1 if there is none.

    Example: fairstream replay bisect --metric dir --group female --from 6h
    """
    settings = flags.settings()
    model = select_model(load_policy(settings.policy), selection.model)
    searched = attribute_of(model, group, attribute)
    time_range = select_time_range(selection.from_, selection.to, time.time())
    choice = select_source(model, source)
    with progress_bar("searching", as_json=as_json) as note:
        bisection = search(settings, model, searched, group, metric.value, time_range, choice, note)
    has_change = bisection.onset is not None and bisection.onset.p_value < _MAX_P_VALUE
    pair = f"{group} vs. {searched.reference}"
    if as_json:
        answer: dict[str, object] = {
            "onset": bisection.onset,
            "versions": bisection.versions,
            "offsets": bisection.offsets,
        }
        answer["withheld"] = bisection.withheld
        print_json({"has_change": has_change, "attribute": searched.name, "group": group, **answer})
    elif has_change:
        for line in describe(bisection, pair, model.privacy.k):
            facts.print(line, markup=False)
    else:
        facts.print(f"No change of {metric} of {pair}", markup=False)
    if not has_change:
        raise typer.Exit(Exit.FAILED)
