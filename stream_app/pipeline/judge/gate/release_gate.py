"""Decides what readers may see of each window, running total and revision of a model.

What is decided is a function of the counts in the order in which windows close, so a replay decides the same.

- A window: its tables against each other, and against the smaller windows inside it. Nothing is shown of a size that
  is not a multiple of each smaller one, because windows that overlap in part differ by a part of them.
- A revision: shown when every group of it has changed by nobody or by at least k since it was last shown. Until then
  readers see the former one.
- The running totals: see ``running_totals``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial

import msgspec

from stream_app.core.releases.joint import protect_jointly
from stream_app.core.windows.cells import CellLayout, Cells, add_cells
from stream_app.core.windows.tally_changes import StateKey, WindowKey
from stream_app.pipeline.judge.gate.alert_counts import AlertCounts
from stream_app.pipeline.judge.gate.barriers import note_barrier, stopped_by
from stream_app.pipeline.judge.gate.early_totals import EarlyTotals
from stream_app.pipeline.judge.gate.inner_windows import TOTAL, InnerWindows
from stream_app.pipeline.judge.gate.running_totals import RunningTotals
from stream_app.pipeline.judge.gate.tables import (
    Labels,
    People,
    Shown,
    Tables,
    cross_of,
    releases_of,
    shown_of,
    tables_in,
    tables_of,
)
from stream_app.pipeline.judge.gate.withheld import CountedPart, Rejudge, withheld_beyond, without_groups, without_late
from stream_app.pipeline.judge.state import RELEASE, StoredEntries
from stream_app.pipeline.judge.stored.stored_releases import GateMemory
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.layout import cell_limits_of
from stream_app.pipeline.records.results import CROSS, TOTAL_WINDOW, Result, Withheld
from stream_app.policy import ModelPolicy, Privacy

Stopped = Mapping[str, set[Labels]]  # groups by attribute


class ReleaseGate:
    """The release gate of the decisions of one model, or of a part of its outcomes.

    Args:
        model: Its policy.
        layout: Layout of its cells.
        stored: Its entries in the changelog topic.
        part: The part of its outcomes; None for decisions.
        leaves_out: See ``EarlyTotals``.

    Raises:
        StateError: an entry cannot be read.
    """

    def __init__(
        self,
        model: ModelPolicy,
        layout: CellLayout,
        stored: StoredEntries,
        part: CountedPart | None = None,
        *,
        leaves_out: bool = True,
    ) -> None:
        self._k, self._layout = model.privacy.k, layout
        self._attributes = [attribute.name for attribute in model.attributes]
        kind, self._count = part or CountedPart(RELEASE, partial(tables_in, layout, self._attributes))
        self._memory, self._is_of_decisions = GateMemory(stored, kind), part is None
        self._largest_s = max(window.size_s for window in model.windows)
        self._windows = InnerWindows(model, self._count, self._memory)
        self.alerts = AlertCounts(model, layout, self._memory, self._windows.smallest)
        limits = cell_limits_of(model, is_outcomes=part is not None)
        early = EarlyTotals(self._k, self._memory, self._windows, limits, leaves_out=leaves_out)
        self._totals = RunningTotals(self._k, self._windows, self.alerts, early)

    def release(
        self,
        results: list[Result],
        cells: Cells,
        context: WindowContext,
        rejudge: Rejudge,
        barrier: Mapping[str, set[Labels]] = {},
        of_complete: Collection[str] = (),
    ) -> list[Result]:
        """Return results with what is withheld of each.

        Args:
            results: The verdicts on one window or on the running totals.
            cells: Its counts.
            context: What is known of it beside these.
            rejudge: Returns the verdicts on the same window with other counts.
            barrier: Groups that must not be counted up to its end, by attribute; see ``barriers``.
            of_complete: Attributes whose running totals are rather those of the windows that hide no group.
        """
        gated, rejudge = self._gated(results), self._regated(rejudge)
        if context.span.window == TOTAL_WINDOW:
            withheld = self._totals.release(gated, cells, context, rejudge, barrier, of_complete)
        elif context.is_close:
            withheld = self._release_window(gated, cells, context, rejudge, barrier)
            if self._is_of_decisions:
                self.count_closed(is_complete=self.is_complete)
        else:
            withheld = self._release_again(gated, cells, context, rejudge)
        k = msgspec.UNSET if self._k == Privacy().k else self._k
        return [
            msgspec.structs.replace(result, withheld=withheld.get(result.attribute, msgspec.UNSET), k=k)
            for result in results
        ]

    def fully_shown(
        self, results: list[Result], cells: Cells, context: WindowContext, rejudge: Rejudge, barrier: Stopped
    ) -> set[str]:
        """Return the attributes of which all running totals can be shown; arguments as those of ``release``."""
        return self._totals.fully_shown(self._gated(results), cells, context, self._regated(rejudge), barrier)

    @property
    def is_complete(self) -> bool:
        """Whether the smallest window that has just closed hides no group, or none has closed."""
        return self._windows.is_complete

    @property
    def has_left_out(self) -> bool:
        """Whether some of the smallest windows hid a group."""
        return self._windows.has_left_out

    def count_closed(self, *, is_complete: bool) -> None:
        """Count the smallest window that has just closed, if there is one, among those that hide no group or others."""
        self._windows.count_closed(is_complete=is_complete)

    def continue_releases(self) -> None:
        """Take over what was remembered under a former policy: the changelog topic gets all of it again."""
        self._memory.change_all()

    def state(self) -> list[tuple[StateKey, bytes]]:
        """Return what a restart needs."""
        return self._memory.entries()

    def take_changes(self) -> list[tuple[StateKey, bytes | None]]:
        """Return what of that changed since the last call; None for an entry that is gone."""
        return self._memory.take_changes()

    def _withhold(self, results: Iterable[Result]) -> dict[str, Withheld]:
        """Withhold everything of a window whose size is not a multiple of each smaller one: they overlap."""
        return {result.attribute: Withheld(is_held=True) for result in results}

    def _release_window(
        self, results: list[Result], cells: Cells, context: WindowContext, rejudge: Rejudge, barrier: Stopped
    ) -> dict[str, Withheld]:
        """Decide on a window that has just closed, and note what it hides."""
        span = context.span
        if span.window in self._windows.unfit:
            return self._withhold(results)
        key = (span.window, span.start_s)
        late = self._windows.late_inside(key, context.corrections)
        memory, stopped = self._memory.find(key), self._stopped(context, barrier)
        if not (late or stopped or memory.parts or memory.cuts or self._hides_any(results)):
            self._windows.note_groups(key, results, {}, cells)
            self._note_window(key, {}, cells, context)
            self._windows.end(span.window, span.end_s)
            return {}
        is_held = self._windows.has_small(late, results)
        if is_held:
            self._memory.of(key).pending = late
            cells, results = without_late(cells, late, rejudge)
        tables = tables_of(results)
        alone = shown_of(tables, self._k)
        cross = self._cross_of(cells, tables)
        shown = self._jointly(cross, tables, without_groups(tables, alone, stopped, self._k))
        shown = self._windows.beside(key, tables, shown, {} if is_held else late)
        shown = self.alerts.beside(key, tables, shown)
        hidden = {name: {g for g, n in people.items() if n} - shown[name] for name, people in tables.items()}
        if any(hidden.values()):
            self._memory.of(key).hidden = hidden
        known = self.alerts.known_in(key)
        people = {
            name: {g: n - known.get((name, g), 0) for g, n in groups.items() if g not in shown[name]}
            for name, groups in tables.items()
        }
        self._windows.note(key, people, shown, cross)
        self._windows.note_groups(key, results, hidden, cells)
        self._note_window(key, hidden, cells, context)
        self._windows.end(span.window, span.end_s)
        return withheld_beyond(results, alone, shown, is_held=is_held)

    def _release_again(
        self, results: list[Result], cells: Cells, context: WindowContext, rejudge: Rejudge
    ) -> dict[str, Withheld]:
        """Decide on a window that closed before: the same as then, or a revision of it."""
        if context.span.window in self._windows.unfit:
            return self._withhold(results)
        key = (context.span.window, context.span.start_s)
        hidden = self._memory.find(key).hidden
        if context.correction:
            memory = self._memory.of(key)
            self._windows.note_correction(key, context.correction)
            add_cells(memory.pending, context.correction)
            if not self._windows.has_small(memory.pending, results):
                change = self._tables(memory.pending, hidden)
                changed = {name: {g: change[name].get(g, 0) for g in hidden[name]} for name in hidden}
                self._windows.note(key, changed, {})
                memory.pending = {}
        pending = self._memory.find(key).pending
        if pending:
            cells, results = without_late(cells, pending, rejudge)
        tables = tables_of(results)
        alone = shown_of(tables, self._k)
        kept = without_groups(tables, alone, hidden, self._k)
        cross = self._cross_of(cells, tables)
        return withheld_beyond(results, alone, self._jointly(cross, tables, kept), is_held=bool(pending))

    def _hides_any(self, results: Iterable[Result]) -> bool:
        """Return whether a result has a group of 1 to k-1 people."""
        return any(0 < group.n < self._k for result in results for group in result.groups)

    def _tables(self, cells: Cells, names: Iterable[str]) -> Tables:
        return self._count(cells, names)

    def _cross_of(self, cells: Cells, tables: Tables) -> People:
        """Return the people by the labels of all attributes, where there are intersections that need them."""
        return cross_of(self._layout, self._attributes, cells) if any(CROSS in name for name in tables) else {}

    def _stopped(self, context: WindowContext, barrier: Stopped) -> Shown:
        """Return the groups that must not be counted up to the start or the end of a window that has just closed."""
        span, totals = context.span, self._memory.find(TOTAL)
        stopped = stopped_by(totals, span.start_s, barrier)
        if span.window == self._windows.smallest and (barrier or totals.barriers):
            note_barrier(self._memory.of(TOTAL), span.end_s, barrier, span.end_s - self._largest_s)
        return stopped

    def _note_window(self, key: WindowKey, hidden: Shown, cells: Cells, context: WindowContext) -> None:
        if self._is_of_decisions:
            self.alerts.note_window(key, hidden, cells, context.periods)

    def _regated(self, rejudge: Rejudge) -> Rejudge:
        return lambda cells: self._gated(rejudge(cells))

    def _gated(self, results: Iterable[Result]) -> list[Result]:
        return [result for result in results if set(result.attribute.split(CROSS)) <= set(self._attributes)]

    def _jointly(self, cross: People, tables: Tables, shown: Shown) -> Shown:
        """Return what the tables of a window may show beside each other."""
        if not any(CROSS in name for name in tables) or not any(
            0 < n < self._k for people in tables.values() for n in people.values()
        ):
            return shown
        kept = protect_jointly(cross, releases_of(tables, shown, self._attributes), self._k)
        return dict(zip(tables, kept, strict=True))
