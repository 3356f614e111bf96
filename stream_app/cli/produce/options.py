"""The flags that the ``fairstream produce`` commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Model = Annotated[str | None, typer.Option(help="Model of the policy whose topic is written.", show_default=False)]
LiveRate = Annotated[float, typer.Option(min=0, help="Events sent per second; 0 for as fast as possible.")]
FileRate = Annotated[float, typer.Option(min=0, help="Rows sent per second; 0 for as fast as possible.")]
EventRate = Annotated[
    float | None,
    typer.Option(
        min=0.001, help="Events per second of event time; like --rate (1000 with --rate 0).", show_default=False
    ),
]
Count = Annotated[int | None, typer.Option(min=0, help="End after so many events.", show_default=False)]
Seed = Annotated[int, typer.Option(min=0, help="The same seed and --start give the same events.")]
Start = Annotated[
    str | None, typer.Option(help="Event time of the first event, ISO 8601 with offset.", show_default=False)
]
Late = Annotated[float, typer.Option(min=0, max=1, help="Share of events that are held back.")]
LateBy = Annotated[float, typer.Option(min=0.001, help="Longest delay of these, seconds of event time.")]
Repeat = Annotated[float, typer.Option(min=0, max=1, help="Share of events that are sent twice.")]
Partition = Annotated[
    int | None, typer.Option(min=0, help="Send all to this partition, in order; else by key.", show_default=False)
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the records on stdout; needs no broker.")]
Spacing = Annotated[float, typer.Option(min=0.001, help="Seconds of event time from row to row.")]
