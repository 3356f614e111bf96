"""The results about hours of areas, for people: one listing for each window."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from stream_app.cli.allocate.levels import level_captions, level_cells, level_columns
from stream_app.cli.layout.listing import Listing, Section
from stream_app.cli.output import note_skipped, notes, print_json, print_listing
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.readers.live_results import open_hours
from stream_app.pipeline.records.hours.allocation_results import AllocationResult, HoursRatio, LevelResult
from stream_app.pipeline.selection import Selection


def show_hours(
    kafka: AnyKafka, selection: Selection, *, last: int, is_every: bool, is_followed: bool, as_json: bool
) -> None:
    """Print the results about hours of the selected models.

    Args:
        kafka: The connection.
        selection: Models, attribute and window.
        last: Number of newest windows of each size; 0 for all.
        is_every: Whether every record is printed, revised ones too.
        is_followed: Whether new ones are printed as they come, without end.
        as_json: Print JSON lines.
    """
    with open_hours(kafka) as reader:
        selected = filter(selection.has_result, reader.read_to_end())
        print_hours(selected if is_every else newest_hours(selected, last), as_json=as_json)
        note_skipped(reader.unreadable, reader.n_unreadable)
        if is_followed:
            for result in filter(selection.has_result, reader.follow()):
                print_hours([result], as_json=as_json)


def newest_hours(results: Iterable[AllocationResult], last: int) -> list[AllocationResult]:
    """Return the last revision of the newest windows of each model, attribute and size, oldest first; all for 0."""
    by_key = {result.key: result for result in results}
    by_size: dict[tuple[str, str, str], list[AllocationResult]] = {}
    for result in by_key.values():
        by_size.setdefault((result.model, result.attribute, result.window), []).append(result)
    return [own for every in by_size.values() for own in sorted(every, key=lambda one: one.end_s)[-last:]]


def print_hours(results: Iterable[AllocationResult], *, as_json: bool) -> None:
    """Print results as JSON lines, or as one listing for each."""
    n_printed = 0
    for result in results:
        n_printed += 1
        if as_json:
            print_json(result)
        else:
            print_listing(_listing(result))
    if not n_printed and not as_json:
        notes.print("No results. The result of a window appears when the window closes.")


def _listing(result: AllocationResult) -> Listing:
    start, end = (datetime.fromtimestamp(time_s, UTC) for time_s in (result.start_s, result.end_s))
    revision = f", revision {result.revision}" if result.revision else ""
    title = f"{result.model}, {result.window}: {start:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S} UTC{revision}"
    section = Section(
        [
            list(level_cells(level.group, level.total_per_capita, level.of_means, level.of_totals))
            for level in result.groups
        ],
        f"{result.attribute}, compared with {result.reference}",
        [f"{result.n_unlisted:,} of {result.n:,} records are about no listed area."] if result.n_unlisted else [],
    )
    return Listing(
        title, level_columns(result.max_ratio), [section], level_captions(result.reference, _ratios(result.groups))
    )


def _ratios(levels: Iterable[LevelResult]) -> list[HoursRatio | None]:
    return [ratio for level in levels for ratio in (level.of_means, level.of_totals)]
