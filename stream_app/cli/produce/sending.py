"""Sends a stream with progress, ends cleanly on Ctrl-C, and prints a summary."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from producers.event import Event
from producers.fit import check_fit
from producers.publish import Destination, publish
from producers.recorded.csv_file import RejectedRow
from producers.simulated.disorder import Disorder
from producers.timeline import iso_time
from stream_app.cli.exits import Exit, stop_on_signals
from stream_app.cli.output import facts, notes, print_json
from stream_app.cli.produce.destination import SendOptions
from stream_app.edges.host.standard_streams import ReaderGone

_MAX_PRINTED_REJECTIONS = 20


@dataclass
class RejectionLog:
    """Prints the first rejected rows on stderr and counts all of them."""

    n: int = 0

    def note(self, rejection: RejectedRow) -> None:
        """Take in one rejected row."""
        self.n += 1
        if self.n <= _MAX_PRINTED_REJECTIONS:
            notes.print(f"line {rejection.line}: {rejection.reason}", markup=False)
        elif self.n == _MAX_PRINTED_REJECTIONS + 1:
            notes.print("Further rejected lines are only counted")


class Summary(msgspec.Struct):
    """Numbers of a stream that was sent; see ``producers.publish.Delivery``."""

    topic: str
    sent: int
    failed: int
    rejected: int
    late: int
    duplicates: int
    seconds: float
    events_per_s: float
    first_event_time: str | None
    last_event_time: str | None
    is_interrupted: bool


def now_ms() -> int:
    """Return the time, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def send(
    events: Iterator[Event], options: SendOptions, disorder: Disorder, rejections: RejectionLog | None = None
) -> None:
    """Send a stream, print its summary and end the command.

    Args:
        events: The stream.
        options: Where it goes, and how.
        disorder: Delays and duplicates events on the way.
        rejections: Filled while ``events`` is read.

    Raises:
        typer.Exit: with OK; FAILED if the broker or the mapping rejected an event; INTERRUPTED on Ctrl-C.
    """
    rejections = rejections or RejectionLog()
    first = next(events, None)
    if first is not None:
        check_fit(first, options.destination.model, action=options.destination.misfit_action)
        events = disorder.disturb(chain([first], events))
    if options.is_dry_run:
        _print_records(events)
        raise typer.Exit(Exit.FAILED if rejections.n else Exit.OK)
    summary = _publish(events, options, disorder, rejections)
    _print_summary(summary, is_json=options.is_json)
    if summary.is_interrupted:
        raise typer.Exit(Exit.INTERRUPTED)
    raise typer.Exit(Exit.FAILED if summary.failed or summary.rejected else Exit.OK)


def _publish(events: Iterable[Event], options: SendOptions, disorder: Disorder, rejections: RejectionLog) -> Summary:
    model = options.destination.model
    outcome_topic = model.outcome.topic if model.outcome else None
    destination = Destination(options.destination.kafka, model.topic, options.partition, outcome_topic=outcome_topic)
    with stop_on_signals() as stop, _progress(options.total) as advance:
        delivery = publish(events, destination, rate=options.rate, stop=stop, on_sent=advance)
    first, last = (None if t is None else iso_time(t) for t in (delivery.first_time_ms, delivery.last_time_ms))
    return Summary(
        topic=model.topic,
        sent=delivery.n_sent,
        failed=delivery.n_failed,
        rejected=rejections.n,
        late=disorder.n_late,
        duplicates=disorder.n_duplicates,
        seconds=round(delivery.seconds, 3),
        events_per_s=round(delivery.n_sent / delivery.seconds, 1) if delivery.seconds else 0.0,
        first_event_time=first,
        last_event_time=last,
        is_interrupted=delivery.is_interrupted,
    )


@contextmanager
def _progress(total: int | None) -> Iterator[Callable[[int], None]]:
    """Show count, rate and time left on stderr, if that is a terminal."""
    if not notes.is_terminal:
        yield lambda _: None
        return
    columns = (
        BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]:,.0f} events/s"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=notes, transient=True) as bar:
        task = bar.add_task("", total=total, rate=0.0)
        yield lambda n: bar.update(task, advance=n, rate=bar.tasks[0].speed or 0.0)


def _print_records(events: Iterable[Event]) -> None:
    out = sys.stdout.buffer
    with suppress(ReaderGone):  # `| head` has read enough
        for event in events:
            out.write(event.value + b"\n")
        out.flush()


def _print_summary(summary: Summary, *, is_json: bool) -> None:
    if is_json:
        print_json(summary)
        return
    facts.print(
        f"Sent {summary.sent} events to {summary.topic} in {summary.seconds:.1f} s ({summary.events_per_s:,.0f}/s)"
        + (", then interrupted" if summary.is_interrupted else "")
    )
    if summary.first_event_time:
        facts.print(f"Event time {summary.first_event_time} to {summary.last_event_time}")
    if summary.late or summary.duplicates:
        facts.print(f"Delayed: {summary.late}, duplicates: {summary.duplicates}")
    if summary.failed or summary.rejected:
        facts.print(f"Rejected by the broker: {summary.failed}, not mapped: {summary.rejected}")
