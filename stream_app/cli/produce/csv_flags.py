"""The flags of ``fairstream produce csv``: how the file is written, and how its rows become events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from producers.recorded.cells import NumberFormat
from producers.recorded.row_mapping import CellFormat
from producers.recorded.times import find_zone
from stream_app.cli.flags.sending import Count, FileRate, Partition, Start
from stream_app.errors import ConfigError


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
    missing: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CELLS",
            help="Comma-separated cells that mean a missing value, beside blank ones: NA,Exempt. Repeatable.",
            show_default=False,
        ),
    ] = None
    spacing: Annotated[
        float | None,
        typer.Option(min=0.001, help="Seconds between two rows, if the file has no times.", show_default=False),
    ] = None
    start: Start = None


@dataclass(frozen=True)
class ReadingFlags:
    """How the file is written."""

    encoding: Annotated[
        str, typer.Option(metavar="NAME", help="Encoding, such as cp1252.", show_default="UTF-8, or UTF-16 if it is")
    ] = ""
    delimiter: Annotated[
        str, typer.Option(metavar="CHARACTER", help="Between two cells.", show_default="of a line sep=, else a comma")
    ] = ""
    skip_lines: Annotated[int, typer.Option("--skip-lines", min=0, help="Lines before the names of the columns.")] = 0
    decimal_comma: Annotated[bool, typer.Option("--decimal-comma", help="Numbers have a decimal comma.")] = False
    thousands: Annotated[
        str, typer.Option(metavar="CHARACTER", help="Between groups of three digits.", show_default="none")
    ] = ""
    time_zone: Annotated[
        str | None,
        typer.Option(
            "--time-zone",
            metavar="ZONE",
            help="Zone of times without an offset, such as Europe/Berlin.",
            show_default=False,
        ),
    ] = None
    utc: Annotated[bool, typer.Option("--utc", help="The same as --time-zone UTC.")] = False


@dataclass(frozen=True)
class OrderFlags:
    """Which rows are sent where, in which order and how fast."""

    rate: FileRate = 0.0
    count: Count = None
    partition: Partition = None
    sort: Annotated[bool, typer.Option("--sort", help="Send the rows in order of event time.")] = False
    allow_drops: Annotated[
        bool, typer.Option("--allow-drops", help="Send rows that the policy will drop because of their time.")
    ] = False


def cell_format(mapping: MappingFlags, reading: ReadingFlags) -> CellFormat:
    """Return how the cells are written.

    Raises:
        ConfigError: a flag is invalid.
    """
    if reading.utc and reading.time_zone:
        raise ConfigError("--utc and --time-zone exclude each other", action="Give one of them")
    zone = "UTC" if reading.utc else reading.time_zone
    return CellFormat(
        favorable=mapping.favorable or (),
        unfavorable=mapping.unfavorable or (),
        missing=[spelling for text in mapping.missing or () for spelling in text.split(",")],
        numbers=NumberFormat(has_decimal_comma=reading.decimal_comma, thousands=reading.thousands),
        zone=find_zone(zone) if zone else None,
    )
