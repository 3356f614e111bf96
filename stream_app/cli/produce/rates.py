"""``fairstream produce rates``: simulated interest rates of granted loans."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from producers.simulated.amounts.rates import simulate_rates
from producers.simulated.drift import parse_drift
from producers.timeline import live_timeline
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.sending import DestinationFlags, DisorderFlags, LiveRate, LiveTimeFlags, Partition
from stream_app.cli.produce.destination import SendOptions, find_destination, make_disorder
from stream_app.cli.produce.sending import now_ms, send


@with_flags
def rates(
    *,
    drift: Annotated[str, typer.Option(help="Level 0-1, or a schedule: 0@0,0.8@60s or 0..0.8@60s-300s.")] = "0",
    rate: LiveRate = 1000.0,
    partition: Partition = None,
    time: LiveTimeFlags,
    disorder: DisorderFlags,
    flags: DestinationFlags,
) -> None:
    """Simulate interest rates of granted loans with a drift against women.

    The mean rate is 8.5 points; women pay 0.8 x drift points more.

    Example: fairstream produce rates --rate 500 --drift 0@0,0.8@60s
    """
    schedule = parse_drift(drift)
    destination = find_destination(flags, "rates")
    timeline = live_timeline(time.start, now_ms(), count=time.count, rate=rate, event_rate=time.event_rate)
    options = SendOptions(destination, partition, rate, time.count, flags.is_dry_run, flags.as_json)
    send(islice(simulate_rates(disorder.seed, timeline, schedule), time.count), options, make_disorder(disorder))
