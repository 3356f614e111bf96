"""The published counts of cameras, for people: one listing for each window, which says whether they have noise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from msgspec import UNSET

from stream_app.cli.layout.listing import Column, Listing, Section
from stream_app.cli.output import facts, note_skipped, notes, print_json, print_listing
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.readers.live_results import open_aggregates
from stream_app.pipeline.records.aggregates import EXACT, Aggregate
from stream_app.pipeline.selection import Selection


def show_counts(
    kafka: AnyKafka, selection: Selection, *, last: int, is_every: bool, is_followed: bool, as_json: bool
) -> None:
    """Print the published counts of the selected models.

    Args:
        kafka: The connection.
        selection: Models and window.
        last: Number of newest windows of each size; 0 for all.
        is_every: Whether all windows are printed.
        is_followed: Whether new ones are printed as they come, without end.
        as_json: Print JSON lines.
    """

    def selected(aggregates: Iterable[Aggregate]) -> Iterator[Aggregate]:
        is_of_window = selection.window
        for aggregate in aggregates:
            if selection.has_model(aggregate.model) and is_of_window in (None, aggregate.window):
                yield aggregate

    with open_aggregates(kafka) as reader:
        found = newest_windows(selected(reader.read_to_end()), 0 if is_every else last)
        print_counts(found, as_json=as_json)
        note_skipped(reader.unreadable, reader.n_unreadable)
        if is_followed:
            for aggregate in selected(reader.follow()):
                print_counts([aggregate], as_json=as_json)


def newest_windows(aggregates: Iterable[Aggregate], last: int) -> list[Aggregate]:
    """Return the newest windows of each model and size, oldest first; all of them for 0."""
    by_size: dict[tuple[str, str], list[Aggregate]] = defaultdict(list)
    for aggregate in aggregates:
        by_size[aggregate.model, aggregate.window].append(aggregate)
    newest = [own for every in by_size.values() for own in sorted(every, key=lambda one: one.end_s)[-last:]]
    return sorted(newest, key=lambda one: (one.model, one.end_s - one.start_s, one.end_s))


def print_counts(aggregates: Iterable[Aggregate], *, as_json: bool) -> None:
    """Print published counts as JSON lines, or as one listing for each window."""
    n_printed = 0
    for aggregate in aggregates:
        n_printed += 1
        if as_json:
            print_json(aggregate)
        elif aggregate.cells:
            print_listing(counts_table(aggregate))
        else:
            listing = counts_table(aggregate)
            for line in (listing.title, *listing.captions):
                facts.print(line, markup=False)
    if not n_printed and not as_json:
        notes.print("No published counts. Those of a window appear when it closes, if a cell has k.")


def counts_table(aggregate: Aggregate) -> Listing:
    """List the counts of one window."""
    names = list(dict.fromkeys(name for cell in aggregate.cells for name in cell.labels))
    columns = (*(Column(name, is_text=True, is_head=not place) for place, name in enumerate(names)),)
    rows = [(*(cell.labels.get(name, "") for name in names), f"{cell.n:,}") for cell in aggregate.cells]
    time = f"{_time_of(aggregate.start_s)} to {_time_of(aggregate.end_s)} UTC"
    rest = ", what shorter windows did not show" if aggregate.is_rest else ""
    return Listing(
        f"{aggregate.model}, {aggregate.window}, {time}{rest}",
        (*columns, Column("tracks", is_number=True)),
        [Section(rows)],
        [_mode_of(aggregate)],
    )


def _mode_of(aggregate: Aggregate) -> str:
    if isinstance(aggregate.renews_s, int):
        return f"Nothing published: the budget of this day is spent. It renews at {_time_of(aggregate.renews_s)} UTC"
    hidden = f"cells of fewer than {aggregate.k} are hidden"
    if aggregate.noise in (UNSET, EXACT):
        return f"Exact counts, no noise; {hidden}"
    return (
        f"Counts with {aggregate.noise} noise of scale {aggregate.scale}, epsilon {aggregate.epsilon} a day; "
        f"{hidden}, counted with the noise"
    )


def _time_of(time_s: int) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%S")
