"""Which tables and groups of a count, a mitigation or a bisection may be shown beside former releases."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from stream_app.core.privacy.disclosure import disclose_cells
from stream_app.pipeline.records.results import AND
from stream_app.pipeline.replay.scenarios.released_tables import Labels, TableMaker
from stream_app.pipeline.replay.tables.group_table import counts_of
from stream_app.pipeline.replay.tables.range_counts import RangeCounts
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.programs.replay.count import Table
from stream_app.programs.replay.release.former import FormerReleases


def release_tables(
    former: FormerReleases,
    counts: RangeCounts,
    chosen: Sequence[tuple[str, ...]],
    make: Callable[[Sequence[Collection[Labels]]], list[Table]],
) -> list[Table]:
    """Return the tables of a count that may be shown, and note them in the ledger of releases of the state folder.

    Args:
        former: What was shown before.
        counts: What was counted.
        chosen: The attributes of each table.
        make: Makes the table of each, without the groups that are withheld because of former releases.

    Raises:
        ReleaseRefusedError, ConfigError, WriteError: as ``release_scenarios``; then nothing may be shown.
    """
    model = former.model
    maker, ends = TableMaker(model), (counts.time_range.from_s, counts.time_range.to_s)
    tables = []
    for names, shown in zip(chosen, make([()] * len(chosen)), strict=True):
        people = {labels: count.n for labels, count in counts_of(model, counts.cells, names).items()}
        visible = {tuple(row.group.split(AND)) for row in shown.groups if row.n}
        tables.append(maker.of_counts(names, people, visible, *ends))
    with former.opened() as knowledge:
        kept = former.choose(knowledge, tables)
    withheld = [
        {maker.labels_of(table.attributes, cell) for cell in table.shown if cell not in cells}
        for table, cells in zip(tables, kept, strict=True)
    ]
    return make(withheld)


def release_groups(
    former: FormerReleases, attribute: str, people: Mapping[str, int], part: str, time_range: TimeRange
) -> set[str]:
    """Return the groups of an attribute that may be shown, and note them in the ledger of releases.

    Args:
        former: What was shown before.
        attribute: Name of the attribute.
        people: People of every group, undeclared values included.
        part: Which decisions these are, where they are not all.
        time_range: The range.

    Raises:
        ReleaseRefusedError, ConfigError, WriteError: as ``release_scenarios``; then nothing may be shown.
    """
    maker = TableMaker(former.model)
    counts: dict[Labels, int] = {(label,): n for label, n in people.items()}
    visible = disclose_cells(counts, former.model.privacy.k).shown
    table = maker.of_counts([attribute], counts, visible, time_range.from_s, time_range.to_s)._replace(part=part)
    with former.opened() as knowledge:
        [cells] = former.choose(knowledge, [table])
    return {label for cell in cells for label in maker.labels_of([attribute], cell)}


def release_pair(former: FormerReleases, attribute: str, sides: Iterable[tuple[TimeRange, Mapping[str, int]]]) -> None:
    """Note the people of two groups in some ranges of time, all of which are shown next.

    Args:
        former: What was shown before.
        attribute: Name of the attribute.
        sides: Each range, with the people of the groups.

    Raises:
        ReleaseRefusedError, ConfigError, WriteError: as ``release_scenarios``; then nothing may be shown.
    """
    maker, tables = TableMaker(former.model), []
    for time_range, people in sides:
        counts: dict[Labels, int] = {(label,): n for label, n in people.items()}
        table = maker.of_counts([attribute], counts, counts.keys(), time_range.from_s, time_range.to_s)
        tables.append(table._replace(is_whole=False))
    with former.opened() as knowledge:
        kept = former.choose(knowledge, tables)
        if any(len(cells) < len(table.shown) for cells, table in zip(kept, tables, strict=True)):
            raise former.refused(tables)
