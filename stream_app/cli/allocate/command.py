"""``fairstream allocate``: share hours among areas, with a floor for the underserved."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from stream_app.cli.allocate.csv_rows import rows_of
from stream_app.cli.allocate.live import LiveFlags, read_live
from stream_app.cli.allocate.options import DEFAULT_LEVEL, AreaFlags, LimitFlags, RuleFlags, plan_of
from stream_app.cli.allocate.text import print_allocation
from stream_app.cli.exits import Exit
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import Json, SourceFlags
from stream_app.cli.output import facts, print_json
from stream_app.edges.files.count_file import read_rows
from stream_app.edges.remedies.linear_programs import solve_program
from stream_app.errors import ConfigError
from stream_app.offline.allocation.facts import ConflictFacts
from stream_app.offline.allocation.plan import allocate
from stream_app.offline.allocation.rows import read_areas
from stream_app.pipeline.disclosure.rows import csv_of


@with_flags
def allocate_hours(
    rule: RuleFlags,
    source: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="CSV, JSON list or JSON lines; - for standard input.", show_default=False),
    ] = None,
    *,
    limits: LimitFlags,
    area_flags: AreaFlags,
    live: LiveFlags,
    flags: SourceFlags,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the areas as CSV.")] = False,
    as_json: Json = False,
) -> None:
    """Share hours among areas, with a floor for the underserved.

    A row is one area: area, population, hours (now), risk and income_level; with --live the areas are those of the
    newest window of a stream. The floor is divided equally among the underserved areas; all areas then share the rest
    by risk. Beside it are risk alone and the original rule, which gives underserved areas nothing of the rest. With a
    limit the result is the nearest that keeps it.

    Ends with 0, with 1 if no allocation keeps all limits, with 2 if the file or a flag is invalid.

    Example: fairstream allocate areas.csv --total 600 --floor 0.15
    """
    if as_csv and as_json:
        raise ConfigError("--csv and --json: give one of them")
    if (source is None) != live.is_live:
        raise ConfigError("Give a file, or --live and no file")
    level = DEFAULT_LEVEL
    if source is None:
        areas, result = read_live(live, flags)
        level = result.reference
    else:
        with closing(read_rows(source, delimiter=area_flags.delimiter)) as rows:
            areas = read_areas(rows, area_flags.renamed())
    allocation = allocate(areas, plan_of(rule, limits, areas, level), solve_program)
    if as_json:
        print_json(allocation)
    elif isinstance(allocation, ConflictFacts):
        facts.print(f"{allocation.sentence}. Relax one of them.", markup=False)
    elif as_csv:
        typer.echo(csv_of(rows_of(allocation)), nl=False)
    else:
        print_allocation(allocation)
    if isinstance(allocation, ConflictFacts):
        raise typer.Exit(Exit.FAILED)
