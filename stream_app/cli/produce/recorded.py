"""``fairstream produce loanapp`` and ``reference``: data sets as streams."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from producers.recorded.loanapp import N_ROWS, stream_loanapp
from producers.recorded.reference import ALIGN_S, N_DECISIONS, SPACING_S, stream_reference
from producers.timeline import file_timeline
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.sending import Count, DestinationFlags, DisorderFlags, FileRate, Partition, Start
from stream_app.cli.produce.destination import SendOptions, find_destination, make_disorder
from stream_app.cli.produce.sending import now_ms, send


@with_flags
def loanapp(
    *,
    rate: FileRate = 0.0,
    spacing: Annotated[float, typer.Option(min=0.001, help="Seconds of event time between two rows.")] = 1.0,
    count: Count = None,
    start: Start = None,
    partition: Partition = None,
    disorder: DisorderFlags,
    flags: DestinationFlags,
) -> None:
    """Send 1,989 real mortgage decisions (Boston, 1990).

    They are sent in file order. Event times end before now and start at a multiple of 1000 s, so that windows of 100 s
    and 500 s contain 100 and 500 rows. With several partitions use --partition 0 if the order of sending matters.

    Example: fairstream produce loanapp
    """
    destination = find_destination(flags, "loanapp")
    n_rows = N_ROWS if count is None else min(count, N_ROWS)
    timeline = file_timeline(start, now_ms(), n_rows=N_ROWS, spacing_s=spacing)
    options = SendOptions(destination, partition, rate, n_rows, flags.is_dry_run, flags.as_json)
    send(islice(stream_loanapp(timeline), n_rows), options, make_disorder(disorder))


@with_flags
def reference(
    *,
    rate: FileRate = 0.0,
    start: Start = None,
    partition: Partition = None,
    disorder: DisorderFlags,
    flags: DestinationFlags,
) -> None:
    """Send 6,000 decisions whose counts are known.

    They are made without randomness: fair, then unfair from the 3,001st on. Event time starts at a full hour and
    advances by 60 ms, so each 1-minute window contains 1,000 decisions.

    Example: fairstream produce reference
    """
    destination = find_destination(flags, "loans")
    timeline = file_timeline(start, now_ms(), n_rows=N_DECISIONS, spacing_s=SPACING_S, align_s=ALIGN_S)
    options = SendOptions(destination, partition, rate, N_DECISIONS, flags.is_dry_run, flags.as_json)
    send(stream_reference(timeline), options, make_disorder(disorder))
