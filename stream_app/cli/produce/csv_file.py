"""``fairstream produce csv``: any CSV file as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Annotated

import typer

from producers.event import Event
from producers.recorded.csv_file import CsvFile
from producers.recorded.row_mapping import RowMapper, map_rows, parse_mapping
from producers.recorded.survey import FileSurvey, PolicyDrops
from producers.recorded.time_sort import RUN_BYTES, sort_by_time
from producers.timeline import file_timeline
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.sending import DestinationFlags, DisorderFlags
from stream_app.cli.output import notes
from stream_app.cli.produce.csv_flags import MappingFlags, OrderFlags, ReadingFlags, cell_format
from stream_app.cli.produce.destination import SendOptions, find_destination, make_disorder
from stream_app.cli.produce.sending import now_ms, send
from stream_app.errors import ConfigError
from stream_app.policy import ModelPolicy

_MAX_REASONS = 20


@with_flags
def csv(
    *,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV file; its first line names the columns.", show_default=False)
    ],
    mapping: MappingFlags,
    reading: ReadingFlags,
    order: OrderFlags,
    disorder: DisorderFlags,
    flags: DestinationFlags,
) -> None:
    """Send any CSV file to the topic of a policy.

    The file is read completely first. Rows that cannot be mapped are rejected, with the reason and their line numbers;
    every line of the file is in the summary. If the policy would drop rows because of their time, nothing is sent: give
    --sort for a file that is not in order of time.

    Ends with 0 if all rows were sent, with 1 if some were rejected, with 2 if nothing was sent.

    Example: fairstream produce csv hired.csv --policy hiring.toml --map applicant.sex=Gender --favorable yes
    """
    destination = find_destination(flags)
    table = CsvFile(file, delimiter=reading.delimiter, encoding=reading.encoding, n_skipped=reading.skip_lines)
    mapper = _mapper(destination.model, table, mapping, reading)
    if mapper.left_out:
        notes.print("No column for " + ", ".join(mapper.left_out), markup=False)
    drops = PolicyDrops(destination.model.event_time, now_ms(), is_sorted=order.sort)
    survey = FileSurvey(table, mapper, drops, order.count)
    events = _survey(survey, table, mapper, order)
    _print_rejections(survey)
    _check_drops(survey, file, order)
    options = SendOptions(destination, order.partition, order.rate, survey.n_events, flags.is_dry_run, flags.as_json)
    send(events, options, make_disorder(disorder), survey)


def _mapper(model: ModelPolicy, table: CsvFile, flags: MappingFlags, reading: ReadingFlags) -> RowMapper:
    if flags.start and not flags.spacing:
        raise ConfigError("--start is for files without times", action="Give --spacing SECONDS too")
    timeline = None
    if flags.spacing:
        timeline = file_timeline(flags.start, now_ms(), n_rows=table.count_rows(), spacing_s=flags.spacing)
    return RowMapper(
        model,
        table.columns,
        mapping=parse_mapping(flags.pairs or ()),
        cells=cell_format(flags, reading),
        timeline=timeline,
        describe_columns=table.describe_columns,
    )


def _survey(survey: FileSurvey, table: CsvFile, mapper: RowMapper, order: OrderFlags) -> Iterator[Event]:
    """Read the complete file, and return its events in the order in which they are sent."""
    if order.sort:
        in_order = sort_by_time(survey.events())
        first = next(in_order, None)  # has read them all
        return chain([] if first is None else [first], in_order)
    kept: list[Event] = []
    n_bytes = 0
    for event in survey.events():
        n_bytes += len(event.key) + len(event.value)
        if n_bytes <= RUN_BYTES:
            kept.append(event)
    if n_bytes <= RUN_BYTES:
        return iter(kept)
    kept.clear()  # too large for the memory: read it again while it is sent
    return islice(map_rows(table, mapper, lambda _: None), survey.n_events)


def _print_rejections(survey: FileSurvey) -> None:
    for reason, lines in islice(survey.reasons.items(), _MAX_REASONS):
        notes.print(f"{lines.describe()}: {reason}", markup=False, soft_wrap=True)
    if (n_more := len(survey.reasons) - _MAX_REASONS) > 0:
        notes.print(f"{n_more} further reasons are only counted")


def _check_drops(survey: FileSurvey, file: Path, order: OrderFlags) -> None:
    drops = survey.drops
    if not drops.n_dropped:
        return
    number = f"{'up to ' * bool(drops.n_late)}{drops.n_dropped:,} of the {drops.n:,} rows of {file}"
    fault = f"The policy will drop {number}: {drops.describe()}"
    if order.allow_drops:
        notes.print(fault, markup=False, soft_wrap=True)
        return
    actions = ["--sort to send them in order of time"] if drops.n_late else []
    actions += ["--spacing if these are no event times"] if drops.n_past else []
    actions.append("--allow-drops to send them as they are")
    fields = [name for name, n in (("out_of_orderness_s", drops.n_late), ("max_age_s", drops.n_past)) if n]
    raised = f", or raise {' and '.join(fields)} in the policy" if fields else ""
    raise ConfigError(fault + ". Nothing was sent", action=f"Give {', or '.join(actions)}{raised}")
