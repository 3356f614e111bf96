"""What a replay may show: small groups hidden, and nothing that isolates a few people beside former replays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stream_app.core.releases.knowledge import Knowledge
from stream_app.core.releases.withholding import Cell, ReleasedTable, choose_shown
from stream_app.edges.releases.release_file import ReleaseFile
from stream_app.errors import ReleaseRefusedError
from stream_app.pipeline.disclosure.results import DisclosedResult, disclose_result
from stream_app.pipeline.records.results import AND, CROSS, Result
from stream_app.pipeline.replay.ranges.range_run import RangeRun
from stream_app.pipeline.replay.scenarios.released_tables import TableMaker
from stream_app.pipeline.replay.scenarios.results import ScenarioResults, disclose_scenarios
from stream_app.pipeline.replay.scenarios.scenario import Scenario
from stream_app.pipeline.replay.search.results import AlternativeValues, SearchResult, without_groups
from stream_app.pipeline.replay.tables.group_table import GroupTable, counts_of
from stream_app.pipeline.replay.tables.range_counts import RangeCounts
from stream_app.policy import ModelPolicy
from stream_app.programs.replay.count import finite, tables_of
from stream_app.settings import Settings


def release_scenarios(
    settings: Settings,
    run: RangeRun,
    scenarios: Sequence[Scenario],
    topic: str,
    *,
    is_exact: bool,
) -> list[ScenarioResults]:
    """Return what may be shown of each scenario, and note it in the ledger of releases of the state folder.

    Groups that would isolate a few people beside what was shown before are withheld.

    Args:
        settings: Where the state folder is.
        run: The replay.
        scenarios: What was judged, the original first.
        topic: The topic that was read.
        is_exact: Whether groups of any size are shown; that is not a release, and is audited by the caller.

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
        _Plan(TableMaker(original, scenario), run.reports[scenario.name].results, shown, scenario.model.privacy.k)
        for scenario, shown in zip(scenarios, results, strict=True)
    ]
    with _ledger(settings, original, topic) as knowledge:
        tables = [table for plan in plans for table in plan.tables if table is not None]
        kept = iter(choose_shown(knowledge, tables))
        released = [plan.without([None if table is None else next(kept) for table in plan.tables]) for plan in plans]
        if any(table.shown for table in tables) and not any(map(_shows_any, released)):
            raise _refused(original, tables)
    return released


def release_tables(
    settings: Settings,
    model: ModelPolicy,
    topic: str,
    counts: RangeCounts,
    chosen: Sequence[tuple[str, ...]],
    exclude_below: float,
) -> list[GroupTable]:
    """Return the tables of a count that may be shown, and note them in the ledger of releases of the state folder.

    Args:
        settings: Where the state folder is.
        model: The policy of the model.
        topic: The topic that was read.
        counts: What was counted.
        chosen: The attributes of each table.
        exclude_below: As ``table_of``.

    Raises:
        ReleaseRefusedError, ConfigError, WriteError: as ``release_scenarios``; then nothing may be shown.
    """
    maker, time_range = TableMaker(model), (finite(counts.time_range.from_s), finite(counts.time_range.to_s))
    tables = []
    for names, shown in zip(chosen, tables_of(model, counts, chosen, exclude_below), strict=True):
        people = {labels: count.n for labels, count in counts_of(model, counts.cells, names).items()}
        visible = {tuple(row.group.split(AND)) for row in shown.groups if row.n}
        tables.append(maker.of_counts(names, people, visible, *time_range))
    with _ledger(settings, model, topic) as knowledge:
        kept = choose_shown(knowledge, tables)
        if any(table.shown for table in tables) and not any(kept):
            raise _refused(model, tables)
    withheld = [
        {maker.labels_of(table.attributes, cell) for cell in table.shown if cell not in cells}
        for table, cells in zip(tables, kept, strict=True)
    ]
    return tables_of(model, counts, chosen, exclude_below, withheld)


def release_search(settings: Settings, model: ModelPolicy, result: SearchResult) -> SearchResult:
    """Return what may be shown of a search, and note its groups in the ledger of releases of the state folder.

    Cuts that are shown together isolate nobody, as ``shown_cuts`` sees to; those of two searches are not compared.

    Raises:
        ReleaseRefusedError, ConfigError, WriteError: as ``release_scenarios``; then nothing may be shown.
    """
    if result.logged.n is None:
        return result
    maker, tables = TableMaker(model), []
    for attribute in dict.fromkeys(pair.attribute for pair in result.logged.pairs):
        people = _people_of(result.logged, attribute)
        tables.append(maker.of_some(attribute, people, result.logged.n, result.from_s, result.to_s))
    with _ledger(settings, model, result.topic) as knowledge:
        kept = choose_shown(knowledge, tables)
        if any(table.shown for table in tables) and not any(kept):
            raise _refused(model, tables)
    hidden = {
        (table.attributes[0], label)
        for table, cells in zip(tables, kept, strict=True)
        for cell in table.shown
        if cell not in cells
        for label in maker.labels_of(table.attributes, cell)
    }
    return without_groups(result, hidden)


def _people_of(values: AlternativeValues, attribute: str) -> dict[str, int]:
    """Return the people of each group of an attribute that is shown."""
    sides = [
        side
        for pair in values.pairs
        if pair.attribute == attribute
        for side in ((pair.group, pair.n), (pair.reference, pair.n_reference))
    ]
    return {group: n for group, n in sides if n is not None}


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

    def _left(self, number: int, cells: set[Cell] | None) -> DisclosedResult:
        table, exact = self.tables[number], self._exact[number]
        hidden = [] if table is None or cells is None else [cell for cell in table.shown if cell not in cells]
        if table is None or not hidden:
            return self._shown.results[number]
        names = [AND.join(self._maker.labels_of(table.attributes, cell)) for cell in hidden]
        return disclose_result(exact, self._k, names)


@contextmanager
def _ledger(settings: Settings, model: ModelPolicy, topic: str) -> Iterator[Knowledge]:
    """Yield what was shown of a log; published events are those of the raw topic."""
    log = model.topic if topic == model.output_topic else topic
    with ReleaseFile(Path(settings.state_dir)).release(model.name, log, model.privacy.k) as knowledge:
        yield knowledge


def _shows_any(results: ScenarioResults) -> bool:
    return any(group.n is not None for result in results.results for group in result.groups)


def _refused(model: ModelPolicy, tables: Sequence[ReleasedTable]) -> ReleaseRefusedError:
    names = dict.fromkeys(CROSS.join(table.attributes) for table in tables if table.shown)
    return ReleaseRefusedError(
        f"Nothing of it can be shown: beside what was shown before of {model.name}, each count would reveal fewer than "
        f"{model.privacy.k} people of {', '.join(names)}",
        action="Take the same range or window as before, a longer one, or a larger k",
    )
