"""Running totals before the largest window has closed: those that readers can compute from windows that were shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from stream_app.core.releases.computed import Known
from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.tally_config import CellLimits
from stream_app.pipeline.judge.gate.inner_windows import TOTAL, InnerWindows
from stream_app.pipeline.judge.gate.tables import Labels, without
from stream_app.pipeline.judge.stored.stored_releases import GateMemory
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.records.results import FormerRelease, Result, Withheld

Rejudge = Callable[[Cells], list[Result]]


class EarlyTotals:
    """Shows running totals as of the end of the newest of the smallest windows, where they say nothing new.

    Args:
        k: Fewest people about which anything may follow.
        memory: What is remembered of all windows.
        windows: The windows of the model.
        limits: What its cells can be.
    """

    def __init__(self, k: int, memory: GateMemory, windows: InnerWindows, limits: CellLimits) -> None:
        self._k, self._memory, self._windows, self._limits = k, memory, windows, limits

    def release(
        self, results: Sequence[Result], cells: Cells, context: WindowContext, rejudge: Rejudge
    ) -> dict[str, Withheld | None]:
        """Return, by attribute, what is withheld of totals that can be shown now; they are looked at once a window.

        Args:
            results: The verdicts on the running totals.
            cells: Their counts.
            context: What is known of them beside these.
            rejudge: Returns the verdicts on other counts.
        """
        totals = self._memory.find(TOTAL).totals
        until_s = totals.until_s
        if not results or until_s is None or totals.looked_s == until_s:
            return {}
        totals = self._memory.of(TOTAL).totals
        totals.looked_s = until_s
        totals.begin_at(results[0].start_s)
        released: dict[str, Withheld | None] = {}
        for own, is_exact in self._readings(results, cells, context, rejudge):
            for result in own:
                known = totals.newest(result.attribute)
                if result.attribute not in released and known is not None:
                    self._show(result, known, until_s, released, is_exact=is_exact)
            if len(released) == len(results):
                break
        return released

    def shown_last(self, name: str) -> set[Labels]:
        """Return the groups that the last totals showed."""
        memory = self._memory.find(TOTAL)
        last = memory.former.get(name)
        groups = () if last is None else last.groups
        return {group.labels for group in groups if group.n} - memory.hidden.get(name, set())

    def note(self, result: Result, hidden: set[Labels], end_s: int | None = None) -> FormerRelease:
        """Note totals that are shown; return what readers see from now on.

        Args:
            result: The totals.
            hidden: The groups with decisions that they hide.
            end_s: Their end, where it is not that of the result.
        """
        memory = self._memory.of(TOTAL)
        end_s = result.end_s if end_s is None else min(end_s, result.end_s)
        former = FormerRelease(start_s=result.start_s, end_s=end_s, groups=result.groups)
        memory.former = memory.former | {result.attribute: former}
        memory.hidden = memory.hidden | {result.attribute: hidden}
        return former

    def _readings(
        self, results: Sequence[Result], cells: Cells, context: WindowContext, rejudge: Rejudge
    ) -> Iterator[tuple[Iterable[Result], bool]]:
        """Yield the totals of closed windows, without late decisions and with them, and whether they are all totals."""
        names = {result.attribute for result in results}
        late = self._windows.late_inside(TOTAL, {})
        for corrections in (late, {}) if late else ({},):
            left = {code: list(vector) for code, vector in context.uncounted(self._windows.smallest).items()}
            add_cells(left, corrections)
            counted = {code: list(vector) for code, vector in cells.items()} if left else cells
            add_cells(counted, left, sign=-1)
            if any(not self._limits.allow(code, counted[code]) for code in left.keys() & counted.keys()):
                continue  # the totals lack what is in open windows: a forged change took it from them
            own = rejudge(counted) if left else results
            yield [result for result in own if result.attribute in names], not left

    def _show(
        self, result: Result, known: Known, until_s: int, released: dict[str, Withheld | None], *, is_exact: bool
    ) -> None:
        """Show totals whose groups readers can compute, if these are all that the last totals showed."""
        people = {group.labels: group.n for group in result.groups}
        computed = {
            group.labels
            for group in result.groups
            if group.labels not in known.unknown and known.counts.get(group.labels) == (group.n, group.favorable)
        }
        shown = without(people, {labels for labels in computed if people[labels] >= self._k}, (), self._k)
        if not shown or not self.shown_last(result.attribute) & people.keys() <= shown:
            return
        hidden = {labels for labels, n in people.items() if n} - shown
        former = self.note(result, hidden, until_s)
        groups = tuple(sorted(group.group for group in result.groups if group.labels in hidden))
        if not is_exact:
            released[result.attribute] = Withheld(groups=groups, is_held=True, former=former)
        else:
            released[result.attribute] = Withheld(groups=groups) if groups else None
