"""Destination, timing and disorder of a stream that ``fairstream produce`` sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from stream_app.cli.flags.settings import Json, Kafka, PolicyName

LiveRate = Annotated[float, typer.Option("--rate", min=0, help="Events per second; 0: as fast as possible.")]
FileRate = Annotated[float, typer.Option("--rate", min=0, help="Rows per second; 0: as fast as possible.")]
Count = Annotated[int | None, typer.Option("--count", min=0, help="Stop after this many events.", show_default=False)]
Start = Annotated[
    str | None,
    typer.Option(
        "--start",
        metavar="TIME",
        help="Event time of the first event, ISO 8601 with offset.",
        show_default=False,
    ),
]
Partition = Annotated[
    int | None,
    typer.Option(
        "--partition", min=0, help="Send everything to this partition, in order. Default: by key.", show_default=False
    ),
]


@dataclass(frozen=True)
class DestinationFlags:
    """Where a stream goes: the broker, the raw topic of a model, or stdout."""

    kafka: Kafka = None
    policy: PolicyName = None
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="MODEL", help="Model whose raw topic is written.", show_default=False),
    ] = None
    is_dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the records on stdout; needs no broker.")] = False
    as_json: Json = False


@dataclass(frozen=True)
class LiveTimeFlags:
    """Event times of a simulated stream, and where it ends."""

    event_rate: Annotated[
        float | None,
        typer.Option(
            "--event-rate",
            min=0.001,
            help="Events per second of event time. Default: --rate, or 1000 with --rate 0.",
            show_default=False,
        ),
    ] = None
    count: Count = None
    start: Start = None


@dataclass(frozen=True)
class DisorderFlags:
    """Seed of a stream, and the share of its events that are late or duplicates."""

    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed and --start: same events.")] = 42
    late: Annotated[float, typer.Option("--late", min=0, max=1, help="Share of events that are delayed.")] = 0.0
    late_by: Annotated[float, typer.Option("--late-by", min=0.001, help="Longest delay, in seconds of event time.")] = (
        30.0
    )
    duplicate: Annotated[
        float, typer.Option("--duplicate", min=0, max=1, help="Share of events that are sent twice.")
    ] = 0.0
