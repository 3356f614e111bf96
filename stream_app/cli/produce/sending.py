"""Sends a stream with progress, ends cleanly on Ctrl-C, and prints a summary."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from producers.event import Event
from producers.fit import check_fit
from producers.publish import Destination, publish
from producers.recorded.survey import FileSurvey
from producers.simulated.disorder import Disorder
from producers.timeline import iso_time
from stream_app.cli.exits import Exit, stop_on_signals
from stream_app.cli.output import facts, notes, print_json
from stream_app.cli.produce.destination import SendOptions
from stream_app.edges.host.standard_streams import ReaderGone


class FileSummary(msgspec.Struct):
    """Where the lines of a file went; ``lines`` is the sum of the four numbers after it.

    Attributes:
        lines: All lines of the file.
        before_rows: Lines up to the names of the columns, and with them.
        blank: Blank lines.
        rows: Rows: sent, failed, rejected or not sent.
        continued: Further lines of rows that span several.
        not_sent: Rows that were left when sending was interrupted, or that ``--count`` left out.
        rejected_by_reason: Number of rejected rows by reason.
        missing_values: Number of missing values in the other rows, by field and reason.
    """

    lines: int
    before_rows: int
    blank: int
    rows: int
    continued: int
    not_sent: int
    rejected_by_reason: dict[str, int]
    missing_values: dict[str, dict[str, int]]


class Summary(msgspec.Struct, omit_defaults=True):
    """Numbers of a stream that was sent; see ``producers.publish.SendReport``."""

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
    file: FileSummary | None = None


def now_ms() -> int:
    """Return the time, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def send(events: Iterator[Event], options: SendOptions, disorder: Disorder, survey: FileSurvey | None = None) -> None:
    """Send a stream, print its summary and end the command.

    Args:
        events: The stream.
        options: Where it goes, and how.
        disorder: Delays and duplicates events on the way.
        survey: Of the file that the events are from, if they are from one.

    Raises:
        typer.Exit: with OK; FAILED if the broker or the mapping rejected an event; INTERRUPTED on Ctrl-C.
    """
    first = next(events, None)
    if first is not None:
        check_fit(first, options.destination.model, action=options.destination.misfit_action)
        events = disorder.disturb(chain([first], events))
    if options.is_dry_run:
        _print_records(events)
        if survey:
            _print_lines(summarize_file(survey), notes, "printed")
        raise typer.Exit(Exit.FAILED if survey and survey.n_rejected else Exit.OK)
    summary = _publish(events, options, disorder, survey)
    _print_summary(summary, is_json=options.is_json)
    if summary.is_interrupted:
        raise typer.Exit(Exit.INTERRUPTED)
    raise typer.Exit(Exit.FAILED if summary.failed or summary.rejected else Exit.OK)


def _publish(events: Iterable[Event], options: SendOptions, disorder: Disorder, survey: FileSurvey | None) -> Summary:
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
        rejected=survey.n_rejected if survey else 0,
        late=disorder.n_late,
        duplicates=disorder.n_duplicates,
        seconds=round(delivery.seconds, 3),
        events_per_s=round(delivery.n_sent / delivery.seconds, 1) if delivery.seconds else 0.0,
        first_event_time=first,
        last_event_time=last,
        is_interrupted=delivery.is_interrupted,
        file=summarize_file(survey, delivery.n_sent + delivery.n_failed - disorder.n_duplicates) if survey else None,
    )


def summarize_file(survey: FileSurvey, n_passed: int | None = None) -> FileSummary:
    """Return where the lines of a file went.

    Args:
        survey: Of the file.
        n_passed: Events that the broker has accepted or rejected; None for all.
    """
    lines = survey.lines
    n_passed = survey.n_events if n_passed is None else n_passed
    missing: dict[str, dict[str, int]] = {}
    for (path, reason), n in survey.missing.items():
        missing.setdefault(path, {})[reason] = n
    return FileSummary(
        lines=lines.n_lines,
        before_rows=lines.n_before,
        blank=lines.n_blank,
        rows=lines.n_rows,
        continued=lines.n_continued,
        not_sent=lines.n_rows - survey.n_rejected - n_passed,
        rejected_by_reason={reason: rejected.n for reason, rejected in survey.reasons.items()},
        missing_values=missing,
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
    if summary.failed:
        facts.print(f"Rejected by the broker: {summary.failed}")
    if summary.file:
        _print_lines(summary.file, facts)
        for reason, n in summary.file.rejected_by_reason.items():
            facts.print(f"  rejected {n:,}: {reason}", markup=False, soft_wrap=True)


def _print_lines(file: FileSummary, console: Console, verb: str = "sent") -> None:
    """Print where the lines of a file went, and what is missing in its rows."""
    n_rejected = sum(file.rejected_by_reason.values())
    others = {"before the rows": file.before_rows, "blank": file.blank, "continue a row": file.continued}
    parts = ", ".join(f"{n:,} {what}" for what, n in others.items() if n)
    rows = {verb: file.rows - n_rejected - file.not_sent, "rejected": n_rejected, "not sent": file.not_sent}
    dispositions = ", ".join(f"{n:,} {what}" for what, n in rows.items() if n or what == verb)
    console.print(f"File: {file.lines:,} lines ({parts}), {file.rows:,} rows: {dispositions}", soft_wrap=True)
    for path, reasons in file.missing_values.items():
        values = ", ".join(f"{n:,} {reason}" for reason, n in reasons.items())
        console.print(f"  missing {path}: {values}", markup=False, soft_wrap=True)
