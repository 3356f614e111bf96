"""What a replay may show: small groups hidden, and nothing that isolates a few people beside former replays."""

from __future__ import annotations

from collections.abc import Sequence

from stream_app.core.releases.knowledge import Knowledge
from stream_app.core.releases.withholding import Cell, ReleasedTable
from stream_app.pipeline.disclosure.results import DisclosedResult, disclose_result, released_form
from stream_app.pipeline.records.results import AND, TOTAL_WINDOW, Result
from stream_app.pipeline.replay.ranges.range_run import RangeRun
from stream_app.pipeline.replay.scenarios.released_tables import TableMaker
from stream_app.pipeline.replay.scenarios.results import ScenarioResults, disclose_scenarios
from stream_app.pipeline.replay.scenarios.scenario import Scenario
from stream_app.pipeline.replay.search.decided_cuts import DecidedCut
from stream_app.programs.replay.release.former import FormerReleases


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
            None if table is None or cells is None else self._apart(knowledge, exact, table, cells, decided)
            for table, cells, exact in zip(self.tables, kept, self._exact, strict=True)
        ]

    def _apart(
        self, knowledge: Knowledge, exact: Result, table: ReleasedTable, cells: set[Cell], decided: DecidedCut
    ) -> set[Cell]:
        axis = decided.axis(table.start_s, table.end_s, is_total=exact.window == TOTAL_WINDOW)
        if len(table.attributes) == 1:
            labels = [self._maker.labels_of(table.attributes, (group,))[0] for group in table.groups[0]]
            decided.relate(knowledge, axis, exact.attribute, labels)
        favorable = {group.labels: group.favorable for group in released_form(exact, self._k).groups}
        apart = set()
        for cell in table.shown:
            if cell in cells:
                names = self._maker.labels_of(table.attributes, cell)
                window = table.start_s, table.end_s
                decided.add_known(knowledge, axis, exact.attribute, names)
                counts = decided.shown_counts(axis, exact.attribute, names, favorable[names], window)
                if counts is not None and all(knowledge.add_for_good(count) for count in counts):
                    apart.add(cell)
        return apart

    def _left(self, number: int, cells: set[Cell] | None) -> DisclosedResult:
        table, exact = self.tables[number], self._exact[number]
        hidden = [] if table is None or cells is None else [cell for cell in table.shown if cell not in cells]
        if table is None or not hidden:
            return self._shown.results[number]
        names = [AND.join(self._maker.labels_of(table.attributes, cell)) for cell in hidden]
        return disclose_result(exact, self._k, names)


def _shows_any(results: ScenarioResults) -> bool:
    return any(group.n is not None for result in results.results for group in result.groups)
