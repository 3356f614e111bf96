"""``fairstream produce allocations``: simulated hours of patrols by area."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from producers.simulated.drift import parse_drift
from producers.simulated.hours.allocations import simulate_allocations
from producers.timeline import live_timeline
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.sending import DestinationFlags, DisorderFlags, LiveRate, LiveTimeFlags, Partition
from stream_app.cli.produce.destination import SendOptions, find_destination, make_disorder
from stream_app.cli.produce.sending import now_ms, send


@with_flags
def allocations(
    *,
    drift: Annotated[str, typer.Option(help="Level 0-1, or a schedule: 0@0,1@60s or 0..1@60s-300s.")] = "0",
    rate: LiveRate = 10.0,
    partition: Partition = None,
    time: LiveTimeFlags,
    disorder: DisorderFlags,
    flags: DestinationFlags,
) -> None:
    """Simulate hours of patrols in eight areas.

    Each record is about the next area. Without drift all areas get the same hours per resident, but for a little
    noise; at drift 1 areas of high income get about four times as many as those of low income.

    Example: fairstream produce allocations --drift 0@0,1@120s
    """
    schedule = parse_drift(drift)
    destination = find_destination(flags, "allocations")
    timeline = live_timeline(time.start, now_ms(), count=time.count, rate=rate, event_rate=time.event_rate)
    options = SendOptions(destination, partition, rate, time.count, flags.is_dry_run, flags.as_json)
    send(islice(simulate_allocations(disorder.seed, timeline, schedule), time.count), options, make_disorder(disorder))
