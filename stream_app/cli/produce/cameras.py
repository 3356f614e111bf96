"""``fairstream produce cameras``: simulated metadata of cameras, as each vendor writes it."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from producers.simulated.cameras import simulate_cameras
from producers.simulated.vendor_frames import SHAPES
from producers.timeline import live_timeline
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.sending import DestinationFlags, DisorderFlags, LiveRate, LiveTimeFlags, Partition
from stream_app.cli.produce.destination import SendOptions, find_destination, make_disorder
from stream_app.cli.produce.sending import now_ms, send


@with_flags
def cameras(
    *,
    shape: Annotated[
        str, typer.Option(metavar="SHAPE", help=f"How frames are written: {', '.join(SHAPES)}.")
    ] = "onvif-json",
    is_leaky: Annotated[
        bool, typer.Option("--leaky", help="Add plates, faces, embeddings, pictures, names and positions.")
    ] = False,
    rate: LiveRate = 50.0,
    partition: Partition = None,
    time: LiveTimeFlags,
    disorder: DisorderFlags,
    flags: DestinationFlags,
) -> None:
    """Simulate frames of cameras in the form of a vendor.

    Four cameras at a station; tracks are in several frames. The model is that whose layout is the shape. With --leaky
    nothing of what is added gets past ingest.

    Example: fairstream produce cameras --shape frigate --leaky
    """
    if shape not in SHAPES:
        raise typer.BadParameter(f"choose one of {', '.join(SHAPES)}", param_hint="--shape")
    destination = find_destination(flags, "cameras", layout=shape)
    timeline = live_timeline(time.start, now_ms(), count=time.count, rate=rate, event_rate=time.event_rate)
    options = SendOptions(destination, partition, rate, time.count, flags.is_dry_run, flags.as_json)
    events = simulate_cameras(disorder.seed, timeline, shape, is_leaky=is_leaky)
    send(islice(events, time.count), options, make_disorder(disorder))
