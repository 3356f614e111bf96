"""``fairstream produce csv``: any file that a person has, as a stream."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.output import Json, Kafka, PolicyName, notes
from stream_app.cli.produce.options import (
    Count,
    DryRun,
    FileRate,
    Late,
    LateBy,
    Model,
    Partition,
    Repeat,
    Seed,
    Start,
)
from stream_app.cli.produce.sending import RejectionLog, SendOptions, find_destination, now_ms, send
from stream_app.cli.produce.simulate import produce
from stream_app.errors import ConfigError

Pairs = Annotated[list[str] | None, typer.Option("--map", help="PATH=COLUMN, may be repeated; PATH= leaves it out.")]


@produce.command()
def csv(  # noqa: PLR0913, PLR0917 - one for each flag
    file: Annotated[Path, typer.Argument(help="CSV in UTF-8; the first line names the columns.", show_default=False)],
    pairs: Pairs = None,
    favorable: Annotated[list[str] | None, typer.Option(help="Cell that means the favorable decision.")] = None,
    unfavorable: Annotated[
        list[str] | None, typer.Option(help="Cell that means the other; else all others do.")
    ] = None,
    delimiter: Annotated[str, typer.Option(help="Character between two cells.")] = ",",
    spacing: Annotated[
        float | None,
        typer.Option(min=0.001, help="The file holds no times: seconds from row to row.", show_default=False),
    ] = None,
    utc: Annotated[bool, typer.Option("--utc", help="Times without an offset are in UTC.")] = False,
    rate: FileRate = 0.0,
    count: Count = None,
    seed: Seed = 42,
    start: Start = None,
    late: Late = 0.0,
    late_by: LateBy = 30.0,
    repeat: Repeat = 0.0,
    partition: Partition = None,
    kafka: Kafka = None,
    policy: PolicyName = None,
    model: Model = None,
    is_dry_run: DryRun = False,
    is_json: Json = False,
) -> None:
    """Send any CSV file to the topic of a policy; rows that cannot be mapped are refused by line number.

    Exit code 0: all rows were sent; 1: some were refused.

    Example: fairstream produce csv hired.csv --policy hiring.toml --map applicant.sex=Gender --favorable yes
    """
    from producers.recorded.csv_file import CsvFile  # noqa: PLC0415
    from producers.recorded.row_mapping import RowMapper, map_rows, parse_mapping  # noqa: PLC0415
    from producers.simulated.disorder import Disorder  # noqa: PLC0415
    from producers.timeline import file_timeline  # noqa: PLC0415

    target = find_destination("", kafka, policy, model)
    table = CsvFile(file, delimiter=delimiter)
    n_rows = table.count_rows()
    if start and not spacing:
        raise ConfigError("--start is for files that hold no times", action="Give --spacing SECONDS too")
    mapper = RowMapper(
        target.model,
        table.columns,
        mapping=parse_mapping(pairs or ()),
        favorable=favorable or (),
        unfavorable=unfavorable or (),
        timeline=file_timeline(start, now_ms(), n_rows=n_rows, spacing_s=spacing) if spacing else None,
        assumes_utc=utc,
    )
    if mapper.left_out:
        notes.print("No column for " + ", ".join(mapper.left_out), markup=False)
    rejections = RejectionLog()
    events = islice(map_rows(table, mapper, rejections.note), count)
    disorder = Disorder(seed, late_share=late, duplicate_share=repeat, late_by_s=late_by)
    send(events, SendOptions(target, partition, rate, n_rows, is_dry_run, is_json), disorder, rejections)
