"""What a replay may show: small groups hidden, and nothing that isolates a few people beside former replays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from stream_app.core.alternatives.tables import ScoreTable
from stream_app.core.privacy.disclosure import disclose_cells
from stream_app.core.releases.knowledge import Knowledge
from stream_app.core.releases.withholding import Cell, ReleasedTable, choose_shown
from stream_app.edges.releases.release_file import ReleaseFile
from stream_app.errors import ReleaseRefusedError
from stream_app.pipeline.disclosure.results import DisclosedResult, disclose_result, released_form
from stream_app.pipeline.records.results import AND, CROSS, TOTAL_WINDOW, Result
from stream_app.pipeline.replay.ranges.range_run import RangeRun
from stream_app.pipeline.replay.scenarios.released_tables import Labels, TableMaker
from stream_app.pipeline.replay.scenarios.results import ScenarioResults, disclose_scenarios
from stream_app.pipeline.replay.scenarios.scenario import Scenario
from stream_app.pipeline.replay.search.columns import labels_of
from stream_app.pipeline.replay.search.released_cuts import DecidedCut, ScoreAxis, SearchRelease, choose_cuts
from stream_app.pipeline.replay.search.request import SearchedPair
from stream_app.pipeline.replay.tables.group_table import counts_of
from stream_app.pipeline.replay.tables.range_counts import RangeCounts
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy
from stream_app.programs.replay.count import Table
from stream_app.settings import Settings


@dataclass(frozen=True)
class FormerReleases:
    """What was shown of a log before.

    Attributes:
        settings: Where the ledger is.
        model: The policy of the model.
        topic: The topic that is read; published events are those of the raw topic.
        live: What the live judge has published of the same time.
    """

    settings: Settings
    model: ModelPolicy
    topic: str
    live: Sequence[ReleasedTable] = ()

    @contextmanager
    def opened(self) -> Iterator[Knowledge]:
        """Yield what was shown; what is added is noted after the block, unless that ends with an error.

        Raises:
            ConfigError: the ledger is unsafe, or was changed by something else.
            WriteError: it cannot be written.
        """
        log = self.model.topic if self.topic == self.model.output_topic else self.topic
        k = self.model.privacy.k
        with ReleaseFile(Path(self.settings.state_dir)).release(self.model.name, log, k) as knowledge:
            yield knowledge

    def choose(self, knowledge: Knowledge, tables: Sequence[ReleasedTable]) -> list[set[Cell]]:
        """Return what each table may show.

        Raises:
            ReleaseRefusedError: nothing of them can be shown.
        """
        kept = choose_shown(knowledge, tables, self.live)
        if any(table.shown for table in tables) and not any(kept):
            raise self.refused(tables)
        return kept

    def refused(self, tables: Sequence[ReleasedTable]) -> ReleaseRefusedError:
        """Return the error where nothing of some tables can be shown."""
        names = dict.fromkeys(CROSS.join(table.attributes) for table in tables if table.shown)
        return ReleaseRefusedError(
            f"Nothing of it can be shown: beside what was shown before of {self.model.name}, each count would reveal "
            f"fewer than {self.model.privacy.k} people of {', '.join(names)}",
            action="Take the same range or window as before, a longer one, or a larger k",
        )


def release_scenarios(
    former: FormerReleases,
    run: RangeRun,
    scenarios: Sequence[Scenario],
    *,
    is_exact: bool,
    decided: DecidedCut | None = None,
) -> list[ScenarioResults]:
    """Return what may be shown of each scenario, and note it in the ledger of releases of the state folder.

    Groups that would isolate a few people beside what was shown before are withheld.

    Args:
        former: What was shown before.
        run: The replay.
        scenarios: What was judged, the original first.
        is_exact: Whether groups of any size are shown; that is not a release, and is audited by the caller.
        decided: The cut that decided, where it was not what the log says.

    Raises:
        ReleaseRefusedError: nothing can be shown.
        ConfigError: the ledger is unsafe, or was changed by something else.
        WriteError: it cannot be written.
    """
    results = disclose_scenarios(run.reports, scenarios, is_exact=is_exact)
    if is_exact:
        return results
    original = scenarios[0].model
    plans = [
        _Plan(TableMaker(original, each), run.reports[each.name].decided_results, shown, each.model.privacy.k)
        for each, shown in zip(scenarios, results, strict=True)
    ]
    tables = [table for plan in plans for table in plan.tables if table is not None]
    with former.opened() as knowledge:
        chosen = iter(former.choose(knowledge, tables))
        kept = [[None if table is None else next(chosen) for table in plan.tables] for plan in plans]
        if decided is not None:
            kept = [plan.beside_cuts(knowledge, cells, decided) for plan, cells in zip(plans, kept, strict=True)]
        released = [plan.without(cells) for plan, cells in zip(plans, kept, strict=True)]
        if any(table.shown for table in tables) and not any(map(_shows_any, released)):
            raise former.refused(tables)
    return released


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


def release_search(
    former: FormerReleases,
    tables: Sequence[Sequence[ScoreTable]],
    scores: Sequence[str],
    pairs: Sequence[SearchedPair],
    segments: Sequence[str],
    time_range: TimeRange,
) -> SearchRelease:
    """Return which groups and cuts a search may show, and note them in the ledger of releases of the state folder.

    Args:
        former: What was shown before.
        tables: Counts by source of scores and attribute.
        scores: Name of each source.
        pairs: Groups and their references.
        segments: Name of each segment.
        time_range: The range that was counted.

    Raises:
        ReleaseRefusedError, ConfigError, WriteError: as ``release_scenarios``; then nothing may be shown.
    """
    maker, k, ends = TableMaker(former.model), former.model.privacy.k, (time_range.from_s, time_range.to_s)
    attributes = {pair.place: pair.attribute for pair in pairs}
    released = []
    for place, attribute in attributes.items():
        people = tables[0][place].counts.sum(axis=(0, 1, 3, 4)).tolist()
        counts: dict[Labels, int] = {(label,): n for label, n in zip(labels_of(attribute), people, strict=True)}
        sides = {(label,) for pair in pairs if pair.place == place for label in (pair.group, str(attribute.reference))}
        visible = disclose_cells(counts, k).shown & sides
        released.append(maker.of_counts([attribute.name], counts, visible, *ends))
    with former.opened() as knowledge:
        kept = former.choose(knowledge, released)
        axes = [ScoreAxis(score, released[0].start_s, released[0].end_s) for score in scores]
        chosen = choose_cuts(knowledge, tables, axes, pairs, segments, k)
    hidden = {
        place: frozenset(
            label for cell in table.shown if cell not in cells for label in maker.labels_of(table.attributes, cell)
        )
        for place, table, cells in zip(attributes, released, kept, strict=True)
    }
    return replace(chosen, withheld=hidden)


class _Plan:
    """What a scenario would show, as tables.

    Args:
        maker: Makes its tables.
        exact: Its exact results.
        shown: What it would show of them, in the same order.
        k: Fewest people that it shows.
    """

    def __init__(self, maker: TableMaker, exact: Sequence[Result], shown: ScenarioResults, k: int) -> None:
        self._maker, self._exact, self._shown, self._k = maker, exact, shown, k
        self.tables = [maker.of_result(*pair, k) for pair in zip(exact, shown.results, strict=True)]

    def without(self, kept: Sequence[set[Cell] | None]) -> ScenarioResults:
        """Return what is left where each table shows some cells only."""
        return self._shown._replace(results=[self._left(number, cells) for number, cells in enumerate(kept)])

    def beside_cuts(
        self, knowledge: Knowledge, kept: Sequence[set[Cell] | None], decided: DecidedCut
    ) -> list[set[Cell] | None]:
        """Return the cells that may be shown beside what was shown of other cuts of the same decisions."""
        return [
            None
            if table is None or cells is None
            else {
                cell for cell in table.shown if cell in cells and self._is_apart(knowledge, exact, table, cell, decided)
            }
            for table, cells, exact in zip(self.tables, kept, self._exact, strict=True)
        ]

    def _is_apart(
        self, knowledge: Knowledge, exact: Result, table: ReleasedTable, cell: Cell, decided: DecidedCut
    ) -> bool:
        labels = self._maker.labels_of(table.attributes, cell)
        [favorable] = [group.favorable for group in released_form(exact, self._k).groups if group.labels == labels]
        axis = decided.axis(table.start_s, table.end_s, is_total=exact.window == TOTAL_WINDOW)
        return knowledge.add_for_good(axis.count(exact.attribute, AND.join(labels), decided.cut, favorable))

    def _left(self, number: int, cells: set[Cell] | None) -> DisclosedResult:
        table, exact = self.tables[number], self._exact[number]
        hidden = [] if table is None or cells is None else [cell for cell in table.shown if cell not in cells]
        if table is None or not hidden:
            return self._shown.results[number]
        names = [AND.join(self._maker.labels_of(table.attributes, cell)) for cell in hidden]
        return disclose_result(exact, self._k, names)


def _shows_any(results: ScenarioResults) -> bool:
    return any(group.n is not None for result in results.results for group in result.groups)


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
