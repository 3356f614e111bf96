"""The areas of the newest window that a model of kind ``allocations`` has published."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated

import typer

from stream_app.cli.flags.settings import SourceFlags
from stream_app.core.allocation.areas import Area
from stream_app.edges.kafka.readers.live_results import open_hours
from stream_app.errors import ConfigError
from stream_app.offline.allocation.rows import read_areas
from stream_app.offline.columns import CountRow
from stream_app.pipeline.records.hours.allocation_results import AllocationResult
from stream_app.pipeline.selection import Selection, select
from stream_app.policy import load_policy

SHIPPED_POLICY = "allocations"  # without --policy


@dataclass(frozen=True)
class LiveFlags:
    """Which window is taken."""

    is_live: Annotated[
        bool, typer.Option("--live", help="Take the areas from the newest result of the stream, not from a file.")
    ] = False
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="With --live: the model. Default: any.", show_default=False)
    ] = None
    attribute: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With --live: the attribute that is the level.", show_default=False),
    ] = None
    window: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With --live: the window. Default: the newest result.", show_default=False),
    ] = None


def read_live(live: LiveFlags, source: SourceFlags) -> tuple[list[Area], AllocationResult]:
    """Return the areas of the newest result, and the result.

    Raises:
        BrokerUnavailableError: No broker answers.
        ConfigError: A flag is invalid, nothing was published, or its areas have no risk.
    """
    settings = source.settings()
    is_chosen = source.policy is not None or "FAIRSTREAM_POLICY" in os.environ
    policy = load_policy(settings.policy if is_chosen else SHIPPED_POLICY)
    if not any(model.kind == "allocations" for model in policy.models):
        raise ConfigError(
            "--live: the policy has no model of kind 'allocations'",
            action="Give one with --policy, such as allocations",
        )
    selection = select(policy, live.model, live.attribute, live.window)
    with open_hours(settings.connection) as reader:
        result = newest_of(list(reader.read_to_end()), selection)
    return areas_of(result), result


def newest_of(results: list[AllocationResult], selection: Selection) -> AllocationResult:
    """Return the selected result of the newest window, of several the longest; of its revisions the last.

    Raises:
        ConfigError: There is none.
    """
    selected = [result for result in results if selection.has_result(result)]
    if not selected:
        raise ConfigError(
            "--live: no result about hours is published", action="Is a worker running? A window must have closed"
        )
    return max(enumerate(selected), key=lambda item: (item[1].end_s, item[1].size_s, item[0]))[1]


def areas_of(result: AllocationResult) -> list[Area]:
    """Return the areas of a result as those of a file.

    Raises:
        ConfigError: An area has no risk, or several levels.
    """
    if any(area.risk is None for area in result.areas):
        raise ConfigError(
            f"--live: model {result.model!r} publishes no risk", action="Declare a feature named risk in the policy"
        )
    cells = [
        {"area": a.area, "population": a.population, "hours": a.hours, "risk": a.risk, "income_level": a.group}
        for a in result.areas
    ]
    return read_areas(CountRow(f"area {number}", each) for number, each in enumerate(cells, 1))
