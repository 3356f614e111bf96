"""``fairstream replay count``: the exact counts of a time range by attribute and intersection."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.selection import ReplayRange, ReplaySource
from stream_app.cli.flags.settings import CommonFlags, Json
from stream_app.cli.layout.listing import Cell, Column, Listing, Section
from stream_app.cli.output import facts, notes, print_json, print_listing
from stream_app.cli.replay.progress import progress_bar
from stream_app.cli.replay.selection import COMPARED_KINDS, select_model, select_source, select_time_range
from stream_app.cli.replay.texts.amounts import list_amounts
from stream_app.errors import ConfigError
from stream_app.pipeline.disclosure.rules import WITHHELD
from stream_app.pipeline.disclosure.wording import withheld_words
from stream_app.pipeline.replay.tables.choice import choose_tables
from stream_app.pipeline.replay.tables.group_table import GroupTable, TableGroup
from stream_app.policy import load_policy
from stream_app.programs.replay.count import CountFacts, Table, amount_tables_of, count, facts_of, tables_of
from stream_app.programs.replay.live import read_former
from stream_app.programs.replay.release.tables import release_tables

_COLUMNS = (
    Column("group", is_text=True, is_head=True),
    *(Column(name, is_number=True) for name in ("n", "favorable", "rate", "of highest", "of reference", "gap")),
)
_WORDS = {
    "undeclared": "not in policy",
    "excluded": "excluded",
    "hidden": "withheld",
    "no_decisions": "none",
    "highest_rate_zero": "undefined",
}


@dataclass(frozen=True)
class TableFlags:
    """The tables that are made."""

    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            metavar="ATTRIBUTE",
            help="Attribute, or several joined by +; repeatable.",
            show_default="each attribute and each pair",
        ),
    ] = None
    exclude_below: Annotated[
        float,
        typer.Option(
            "--exclude-below",
            min=0,
            max=0.5,
            metavar="SHARE",
            help="Compute no impact ratio for groups with a smaller share.",
        ),
    ] = 0.0


@with_flags
def count_groups(
    *, selection: ReplayRange, tables: TableFlags, source: ReplaySource, flags: CommonFlags, as_json: Json = False
) -> None:
    """Count a time range exactly, by attribute and intersection.

    The numbers of a report are made of these. For each group: decisions, favorable ones, their rate, its ratio to the
    highest rate (impact ratio) and to that of the reference group, and the gap; of decisions that are amounts, mean,
    difference and quantiles. Groups of fewer than k decisions are withheld, with all from which they could be computed,
    also beside what was shown before.

    Example: fairstream replay count --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z --by gender --published
    """
    settings = flags.settings()
    model = select_model(load_policy(settings.policy), selection.model, kinds=COMPARED_KINDS)
    if model.kind == "amounts" and tables.exclude_below:
        raise ConfigError("--exclude-below: amounts have no impact ratio", action="Leave it out")
    chosen = choose_tables(model, tables.by or [])
    choice = select_source(model, source)
    time_range = select_time_range(selection.from_, selection.to, time.time())
    with progress_bar("counting", as_json=as_json) as note:
        counts = count(settings, model, time_range, choice, note)
    made_from = facts_of(model, choice, counts)
    former = read_former(settings, model, made_from.topic, time_range)
    if model.kind == "amounts":
        amounts = release_tables(former, counts, chosen, partial(amount_tables_of, model, counts, chosen))
        print_tables(made_from, amounts, list_amounts, as_json=as_json)
    else:
        make = partial(tables_of, model, counts, chosen, tables.exclude_below)
        print_tables(made_from, release_tables(former, counts, chosen, make), _listing, as_json=as_json)


def print_tables(
    made_from: CountFacts, tables: Sequence[Table], list_table: Callable[[Table], Listing], *, as_json: bool
) -> None:
    """Print tables of groups, and what they were counted from."""
    if as_json:
        for fact in (made_from, *tables):
            print_json(fact)
        return
    n = "withheld" if made_from.n_in_range is None else f"{made_from.n_in_range:,}"
    facts.print(
        f"{made_from.model}, {_time(made_from.from_s, 'beginning')} to {_time(made_from.to_s, 'end')}: {n} decisions "
        f"of {made_from.topic} ({made_from.source})"
    )
    facts.print()
    for table in tables:
        print_listing(list_table(table))
    if not made_from.is_final:
        notes.print("Not every partition has passed the end of the time range: later records can change these counts.")


def _listing(table: GroupTable) -> Listing:
    title = f"{table.attribute} (reference: {table.reference}; highest rate: {table.highest or 'none'})"
    captions = []
    if table.n_undeclared is None:
        captions.append("Decisions whose group is unknown or not in the policy: withheld")
    elif table.n_undeclared:
        captions.append(f"Decisions whose group is unknown or not in the policy: {table.n_undeclared:,}")
    if withheld := [group.group for group in table.groups if group.hidden == WITHHELD]:
        captions.append(f"{', '.join(withheld)}: {withheld_words(table.k)}")
    return Listing(title, _COLUMNS, [Section([_cells(group) for group in table.groups], "", [])], captions)


def _cells(group: TableGroup) -> list[Cell]:
    missing = "withheld" if group.hidden else ""
    impact = _WORDS[group.no_impact_ratio] if group.no_impact_ratio else _share(group.impact_ratio, "")
    return [
        group.group,
        missing if group.n is None else f"{group.n:,}",
        missing if group.favorable is None else f"{group.favorable:,}",
        _share(group.rate, missing),
        impact,
        _share(group.ratio, missing),
        _share(group.gap, missing, "+"),
    ]


def _share(value: float | None, missing: str, sign: str = "") -> str:
    return missing if value is None else f"{value:{sign}.4f}"


def _time(time_s: float | None, end: str) -> str:
    return f"the {end} of the log" if time_s is None else f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%dT%H:%M:%SZ}"
