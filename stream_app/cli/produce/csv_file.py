"""``fairstream produce csv``: any CSV file as a stream."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from producers.recorded.csv_file import CsvFile
from producers.recorded.row_mapping import RowMapper, map_rows, parse_mapping
from producers.timeline import file_timeline
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.sending import Count, DestinationFlags, DisorderFlags, FileRate, Partition, Start
from stream_app.cli.output import notes
from stream_app.cli.produce.destination import SendOptions, find_destination, make_disorder
from stream_app.cli.produce.sending import RejectionLog, now_ms, send
from stream_app.errors import ConfigError
from stream_app.policy import ModelPolicy


@dataclass(frozen=True)
class MappingFlags:
    """How the rows of a file become events."""

    pairs: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="PATH=COLUMN",
            help="Column of a field of the policy; repeatable. PATH= leaves the field out.",
            show_default=False,
        ),
    ] = None
    favorable: Annotated[
        list[str] | None,
        typer.Option(metavar="CELL", help="Cell of a favorable decision; repeatable.", show_default=False),
    ] = None
    unfavorable: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CELL", help="Cell of an unfavorable decision; repeatable. Default: all others.", show_default=False
        ),
    ] = None
    delimiter: Annotated[str, typer.Option(help="Character between two cells.")] = ","
    spacing: Annotated[
        float | None,
        typer.Option(min=0.001, help="Seconds between two rows, if the file has no times.", show_default=False),
    ] = None
    start: Start = None
    utc: Annotated[bool, typer.Option("--utc", help="Read times without an offset as UTC.")] = False


@with_flags
def csv(
    *,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV in UTF-8; the first line names the columns.", show_default=False)
    ],
    mapping: MappingFlags,
    rate: FileRate = 0.0,
    count: Count = None,
    partition: Partition = None,
    disorder: DisorderFlags,
    flags: DestinationFlags,
) -> None:
    """Send any CSV file to the topic of a policy.

    Rows that cannot be mapped are rejected with their line number. Ends with 0 if all rows were sent, with 1 if some
    were rejected.

    Example: fairstream produce csv hired.csv --policy hiring.toml --map applicant.sex=Gender --favorable yes
    """
    destination = find_destination(flags)
    table = CsvFile(file, delimiter=mapping.delimiter)
    n_rows = table.count_rows()
    mapper = _mapper(destination.model, table, mapping, n_rows)
    if mapper.left_out:
        notes.print("No column for " + ", ".join(mapper.left_out), markup=False)
    rejections = RejectionLog()
    events = islice(map_rows(table, mapper, rejections.note), count)
    options = SendOptions(destination, partition, rate, n_rows, flags.is_dry_run, flags.as_json)
    send(events, options, make_disorder(disorder), rejections)


def _mapper(model: ModelPolicy, table: CsvFile, flags: MappingFlags, n_rows: int) -> RowMapper:
    if flags.start and not flags.spacing:
        raise ConfigError("--start is for files without times", action="Give --spacing SECONDS too")
    spacing_s = flags.spacing
    return RowMapper(
        model,
        table.columns,
        mapping=parse_mapping(flags.pairs or ()),
        favorable=flags.favorable or (),
        unfavorable=flags.unfavorable or (),
        timeline=file_timeline(flags.start, now_ms(), n_rows=n_rows, spacing_s=spacing_s) if spacing_s else None,
        assumes_utc=flags.utc,
    )
