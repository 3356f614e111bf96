"""Running totals before the largest window has closed: those that readers can compute from windows that were shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from stream_app.core.privacy.disclosure import disclose_cells
from stream_app.core.releases.computed import Known
from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.tally_config import CellLimits
from stream_app.pipeline.judge.gate.inner_windows import TOTAL, InnerWindows
from stream_app.pipeline.judge.gate.tables import Labels, without
from stream_app.pipeline.judge.gate.withheld import Rejudge
from stream_app.pipeline.judge.stored.stored_releases import GateMemory
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.records.results import FormerRelease, Result, Withheld


class _Reading(NamedTuple):
    """Totals without what is in open windows: all of them, without corrections, or of some windows only."""

    results: list[Result]
    is_exact: bool  # whether these are all running totals
    is_complete: bool  # whether they are those of the windows that hide no group


class _Computed(NamedTuple):
    """Totals whose groups readers can compute."""

    result: Result
    shown: set[Labels]
    is_exact: bool
    is_complete: bool


class EarlyTotals:
    """Shows running totals as of the end of the newest of the smallest windows, where they say nothing new.

    Args:
        k: Fewest people about which anything may follow.
        memory: What is remembered of all windows.
        windows: The windows of the model.
        limits: What its cells can be.
        leaves_out: Whether totals may leave out windows that hide a group. Those of a replay may not: they are compared
            with other ranges of time, and are not of one then.
    """

    def __init__(
        self, k: int, memory: GateMemory, windows: InnerWindows, limits: CellLimits, *, leaves_out: bool
    ) -> None:
        self._k, self._memory, self._windows, self._limits = k, memory, windows, limits
        self._leaves_out = leaves_out

    def release(
        self,
        results: Sequence[Result],
        cells: Cells,
        context: WindowContext,
        rejudge: Rejudge,
        beside: Mapping[str, set[Labels]],
        of_complete: Collection[str] = (),
    ) -> dict[str, Withheld | None]:
        """Return, by attribute, what is withheld of totals that can be shown now; they are looked at once a window.

        Args:
            results: The verdicts on the running totals.
            cells: Their counts.
            context: What is known of them beside these.
            rejudge: Returns the verdicts on other counts.
            beside: Groups that can be shown in another way; these totals are shown only where they show more.
            of_complete: Attributes of which the totals of the windows without a hidden group come first.
        """
        totals = self._memory.find(TOTAL).totals
        until_s = totals.until_s
        if not results or until_s is None or totals.looked_s == until_s:
            return {}
        totals = self._memory.of(TOTAL).totals
        totals.looked_s = until_s
        totals.begin_at(results[0].start_s)
        first = [result for result in results if result.attribute in of_complete]
        others = [result for result in results if result.attribute not in of_complete]
        best = self._best(others, self._readings(others, cells, context, rejudge), beside)
        if first:
            readings = sorted(self._readings(first, cells, context, rejudge), key=lambda each: not each.is_complete)
            best |= self._best(first, readings, beside)
        return {name: self._show(computed, until_s) for name, computed in best.items()}

    def fully_shown(
        self, results: Sequence[Result], cells: Cells, context: WindowContext, rejudge: Rejudge
    ) -> set[str]:
        """Return the attributes of which the totals of all closed windows can be shown, with all groups."""
        best = self._best(results, self._readings(results, cells, context, rejudge), {})
        return {name for name, own in best.items() if not own.is_complete and own.shown == self._alone(own.result)}

    def _best(
        self, results: Sequence[Result], readings: Iterable[_Reading], beside: Mapping[str, set[Labels]]
    ) -> dict[str, _Computed]:
        """Return, by attribute, the first totals that show all groups, or else those that show most."""
        best: dict[str, _Computed] = {}
        missing = {result.attribute for result in results}
        for reading in readings if missing else ():
            for result in reading.results:
                name, shown = result.attribute, self._shown_in(result, reading)
                if name in missing and len(shown) > len(best[name].shown if name in best else beside.get(name, ())):
                    best[name] = _Computed(result, shown, reading.is_exact, reading.is_complete)
                if shown and shown == self._alone(result):
                    missing.discard(name)
            if not missing:
                break
        return best

    def shown_last(self, name: str) -> set[Labels]:
        """Return the groups that the last totals showed."""
        memory = self._memory.find(TOTAL)
        last = memory.former.get(name)
        groups = () if last is None else last.groups
        return {group.labels for group in groups if group.n} - memory.hidden.get(name, set())

    def note(
        self, result: Result, hidden: set[Labels], end_s: int | None = None, *, is_partial: bool = False
    ) -> FormerRelease:
        """Note totals that are shown; return what readers see from now on.

        Args:
            result: The totals.
            hidden: The groups with decisions that they hide.
            end_s: Their end, where it is not that of the result.
            is_partial: Whether they leave out windows.
        """
        memory = self._memory.of(TOTAL)
        end_s = result.end_s if end_s is None else min(end_s, result.end_s)
        former = FormerRelease(start_s=result.start_s, end_s=end_s, groups=result.groups, is_partial=is_partial)
        memory.former = memory.former | {result.attribute: former}
        memory.hidden = memory.hidden | {result.attribute: hidden}
        return former

    def former_of(self, result: Result) -> Withheld | None:
        """Return the totals that were shown last instead of others; None for those themselves."""
        memory = self._memory.find(TOTAL)
        last, hidden = memory.former.get(result.attribute), memory.hidden.get(result.attribute, set())
        if last is None:
            return Withheld(is_held=True)
        groups = tuple(sorted(group.group for group in last.groups if group.labels in hidden))
        if [(g.n, g.favorable) for g in last.groups] != [(g.n, g.favorable) for g in result.groups]:
            return Withheld(groups=groups, is_held=True, former=last)
        return Withheld(groups=groups) if groups else None

    def note_compared(self, result: Result, are_shown: set[Labels]) -> None:
        """Note totals that were compared with all that was shown and are shown, and what readers know by that."""
        hidden = {group.labels for group in result.groups if group.n} - are_shown
        self.note(result, hidden)
        memory = self._memory.of(TOTAL)
        shown = {g.labels: (g.n, g.favorable) for g in result.groups if g.n and g.labels not in hidden}
        memory.totals.begin_at(result.start_s)
        memory.totals.learn(result.attribute, shown, hidden)
        if (parts := memory.parts.get(result.attribute)) is not None:
            parts.sum_up(self._k)
            parts.show(shown.keys())

    def _readings(
        self, results: Sequence[Result], cells: Cells, context: WindowContext, rejudge: Rejudge
    ) -> Iterator[_Reading]:
        """Yield the totals of closed windows: without late decisions, with them, and of windows that hide no group.

        Else a window in which few people were counted would be missing permanently, and the totals with it.
        """
        names, memory = {result.attribute for result in results}, self._memory.find(TOTAL)
        late = self._windows.late_inside(TOTAL, {})
        choices = [(late, False), ({}, False)] if late else [({}, False)]
        is_of_use = self._leaves_out and memory.left_out and any(map(self._may_be_longer, names))
        for corrections, is_complete in (*choices, *([(memory.left_out, True)] if is_of_use else [])):
            left = {code: list(vector) for code, vector in context.uncounted(self._windows.smallest).items()}
            add_cells(left, corrections)
            counted = {code: list(vector) for code, vector in cells.items()} if left else cells
            add_cells(counted, left, sign=-1)
            if any(not self._limits.allow(code, counted[code]) for code in left.keys() & counted.keys()):
                continue  # the totals lack what is in open windows: a forged change took it from them
            own = rejudge(counted) if left else results
            yield _Reading([result for result in own if result.attribute in names], not left, is_complete)

    def _shown_in(self, result: Result, reading: _Reading) -> set[Labels]:
        """Return the groups that readers can compute, if these are all that the last totals showed; else none."""
        totals = self._memory.find(TOTAL).totals
        name, people = result.attribute, {group.labels: group.n for group in result.groups}
        known = Known(totals.complete.get(name, {})) if reading.is_complete else totals.newest(name)
        if known is None or (reading.is_complete and not self._may_be_longer(name)):
            return set()
        computed = {
            group.labels
            for group in result.groups
            if group.labels not in known.unknown
            if known.counts.get(group.labels, (0, 0)) == (group.n, group.favorable)
        }
        # Totals end where few people of these groups have no outcome.
        computed -= self._memory.find(TOTAL).barriers.get((totals.until_s or 0, name), set())
        shown = without(people, {labels for labels in computed if people[labels] >= self._k}, (), self._k)
        return shown if self.shown_last(name) & people.keys() <= shown else set()

    def _may_be_longer(self, name: str) -> bool:
        """Return whether the windows that hide no group have as many decisions of each group as totals showed last."""
        memory, were_shown = self._memory.find(TOTAL), self.shown_last(name)
        counts, last = memory.totals.complete.get(name, {}), memory.former.get(name)
        groups = () if last is None else [group for group in last.groups if group.labels in were_shown]
        return bool(counts) and all(counts.get(group.labels, (0, 0))[0] >= group.n for group in groups)

    def _alone(self, result: Result) -> set[Labels]:
        return set(disclose_cells({group.labels: group.n for group in result.groups}, self._k).shown)

    def _show(self, computed: _Computed, until_s: int) -> Withheld | None:
        """Note totals that are shown; return what is withheld of the present ones."""
        result, shown, is_exact, is_partial = computed
        hidden = {group.labels for group in result.groups if group.n} - shown
        former = self.note(result, hidden, until_s, is_partial=is_partial)
        groups = tuple(sorted(group.group for group in result.groups if group.labels in hidden))
        if not is_exact:
            return Withheld(groups=groups, is_held=True, former=former)
        return Withheld(groups=groups) if groups else None
