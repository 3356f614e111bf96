"""What all ``fairstream produce`` commands share: send a stream with progress, end cleanly on Ctrl-C, sum up."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import typer

from stream_app.cli.exits import Exit
from stream_app.cli.output import facts, notes, print_json, read_settings
from stream_app.errors import PolicyError
from stream_app.policy import ModelPolicy, load_policy

if TYPE_CHECKING:
    from producers.event import Event
    from producers.recorded.csv_file import RejectedRow
    from producers.simulated.disorder import Disorder

_SHOWN_REFUSALS = 20


class SendDestination(NamedTuple):
    """Where a stream goes.

    Attributes:
        kafka: Bootstrap servers.
        model: Whose raw topic is written.
        misfit_action: What to do when the records do not fit this model.
    """

    kafka: str
    model: ModelPolicy
    misfit_action: str


@dataclass(frozen=True)
class SendOptions:
    """How a stream is to be sent.

    Attributes:
        target: Where to.
        partition: Send everything there; None spreads by key.
        rate: Events per second; 0 for as fast as possible.
        total: Number of events, for the progress bar; None when there is no end.
        is_dry_run: Print the records on stdout instead.
        is_json: Print the summary as JSON.
    """

    target: SendDestination
    partition: int | None
    rate: float
    total: int | None
    is_dry_run: bool
    is_json: bool


@dataclass
class RejectionLog:
    """Tells the first refused rows on stderr and counts all of them."""

    n: int = 0

    def note(self, rejection: RejectedRow) -> None:
        """Take in one refused row."""
        self.n += 1
        if self.n <= _SHOWN_REFUSALS:
            notes.print(f"line {rejection.line}: {rejection.reason}", markup=False)
        elif self.n == _SHOWN_REFUSALS + 1:
            notes.print("Further refused lines are only counted")


class Summary(msgspec.Struct):
    """What was sent; see ``producers.publish.Delivery``."""

    topic: str
    sent: int
    failed: int
    rejected: int
    late: int
    repeated: int
    seconds: float
    events_per_s: float
    first_event_time: str | None
    last_event_time: str | None
    is_interrupted: bool


def find_destination(shipped: str, kafka: str | None, policy: str | None, model: str | None) -> SendDestination:
    """Choose the broker and the model: the one asked for, else that of the producer's name, else the first.

    Args:
        shipped: Shipped policy, and model, whose records the producer makes; empty when it makes any.
        kafka: As given on the command line.
        policy: As given on the command line.
        model: As given on the command line.

    Raises:
        ConfigError: the settings are wrong.
        PolicyError: the policy is wrong, or has no such model.
    """
    settings = read_settings(kafka=kafka, policy=policy)
    is_chosen = policy is not None or "FAIRSTREAM_POLICY" in os.environ
    source = shipped if shipped and not is_chosen else settings.policy
    models = {part.name: part for part in load_policy(source).models}
    name = model or (shipped if shipped in models else next(iter(models)))
    if name not in models:
        raise PolicyError(f"Policy {source!r} has no model {name!r}", action="It has: " + ", ".join(models))
    return SendDestination(settings.kafka, models[name], f"Try --policy {shipped}" if shipped else "Mend --map")


def now_ms() -> int:
    """Return the time, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def send(
    events: Iterator[Event], order: SendOptions, disorder: Disorder, rejections: RejectionLog | None = None
) -> None:
    """Send a stream, print its summary and end the command.

    Args:
        events: What is sent.
        order: How.
        disorder: Holds events back and repeats them on the way.
        rejections: Filled while ``events`` is read.

    Raises:
        typer.Exit: with OK; FAILED when the broker or the mapping refused an event; INTERRUPTED on Ctrl-C.
    """
    from producers.fit import check_fit  # noqa: PLC0415

    rejections = rejections or RejectionLog()
    first = next(events, None)
    if first is not None:
        check_fit(first, order.target.model, action=order.target.misfit_action)
        events = disorder.disturb(chain([first], events))
    if order.is_dry_run:
        _print_records(events)
        raise typer.Exit(Exit.FAILED if rejections.n else Exit.OK)
    summary = _publish(events, order, disorder, rejections)
    _print_summary(summary, is_json=order.is_json)
    if summary.is_interrupted:
        raise typer.Exit(Exit.INTERRUPTED)
    raise typer.Exit(Exit.FAILED if summary.failed or summary.rejected else Exit.OK)


def _publish(events: Iterable[Event], order: SendOptions, disorder: Disorder, rejections: RejectionLog) -> Summary:
    from producers.publish import Destination, publish  # noqa: PLC0415
    from producers.timeline import iso_time  # noqa: PLC0415

    topic = order.target.model.topic
    outcome = order.target.model.outcome
    destination = Destination(
        order.target.kafka, topic, order.partition, outcome_topic=outcome.topic if outcome else None
    )
    with stop_on_signals() as stop, _progress(order.total) as advance:
        delivery = publish(events, destination, rate=order.rate, stop=stop, on_sent=advance)
    first, last = (None if t is None else iso_time(t) for t in (delivery.first_time_ms, delivery.last_time_ms))
    return Summary(
        topic=topic,
        sent=delivery.n_sent,
        failed=delivery.n_failed,
        rejected=rejections.n,
        late=disorder.n_late,
        repeated=disorder.n_repeated,
        seconds=round(delivery.seconds, 3),
        events_per_s=round(delivery.n_sent / delivery.seconds, 1) if delivery.seconds else 0.0,
        first_event_time=first,
        last_event_time=last,
        is_interrupted=delivery.is_interrupted,
    )


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C or SIGTERM into an event; a second Ctrl-C interrupts as usual."""
    stop = threading.Event()

    def ask_to_stop(*_: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _progress(total: int | None) -> Iterator[Callable[[int], None]]:
    """Show count, rate and time left on stderr, where that is a terminal."""
    if not notes.is_terminal:
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (
        BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]:,.0f} events/s"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=notes, transient=True) as bar:
        task = bar.add_task("", total=total, rate=0.0)
        yield lambda n: bar.update(task, advance=n, rate=bar.tasks[0].speed or 0.0)


def _print_records(events: Iterable[Event]) -> None:
    out = sys.stdout.buffer
    try:
        for event in events:
            out.write(event.value + b"\n")
        out.flush()
    except BrokenPipeError:  # `| head` has seen enough; stdout must not be flushed again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_summary(summary: Summary, *, is_json: bool) -> None:
    if is_json:
        print_json(summary)
        return
    facts.print(
        f"Sent {summary.sent} events to {summary.topic} in {summary.seconds:.1f} s ({summary.events_per_s:,.0f}/s)"
        + (", then was interrupted" if summary.is_interrupted else "")
    )
    if summary.first_event_time:
        facts.print(f"Event time {summary.first_event_time} to {summary.last_event_time}")
    if summary.late or summary.repeated:
        facts.print(f"Held back: {summary.late}, sent twice: {summary.repeated}")
    if summary.failed or summary.rejected:
        facts.print(f"Refused by the broker: {summary.failed}, not mapped: {summary.rejected}")
