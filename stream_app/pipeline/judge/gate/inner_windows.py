"""What a window may show beside the smaller ones inside it, which closed before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from stream_app.core.releases.computed import Counts
from stream_app.core.releases.crossed import protect_crossed
from stream_app.core.releases.nested import HiddenParts
from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.tally_changes import WindowKey
from stream_app.pipeline.judge.gate.tables import Count, Labels, People, Shown, Tables, places_of, releases_of, without
from stream_app.pipeline.judge.stored.stored_releases import GateMemory
from stream_app.pipeline.records.results import CROSS, TOTAL_WINDOW, Result
from stream_app.policy import ModelPolicy

TOTAL: WindowKey = (TOTAL_WINDOW, 0)


class _Closed(NamedTuple):
    """One of the smallest windows that has just closed: its counts, what it shows, and whether it hides no group."""

    cells: Cells
    shown: dict[str, dict[Labels, Counts]]
    is_complete: bool


class InnerWindows:
    """The windows of a model, one inside the other; the running totals contain all of them.

    Args:
        model: Its policy.
        count: Returns the tables of some attributes and intersections in some cells.
        memory: What is remembered of all windows.

    Attributes:
        smallest: Name of the smallest windows.
        unfit: Sizes that are not a multiple of each smaller one: such windows overlap in part.
    """

    def __init__(self, model: ModelPolicy, count: Count, memory: GateMemory) -> None:
        self._k, self._count, self._revision_s = model.privacy.k, count, model.revision_s
        self._attributes = [attribute.name for attribute in model.attributes]
        self._sizes_s = {window.name: window.size_s for window in model.windows}
        sizes = sorted(self._sizes_s.items(), key=lambda item: item[1])
        self._larger = {small: [name for name, s in sizes if s > size_s] for small, size_s in sizes}
        self.unfit = {large for (_, inner_s), (large, size_s) in combinations(sizes, 2) if size_s % inner_s}
        fit = [name for name, _ in sizes if name not in self.unfit]
        self.smallest, self._second, self._largest = fit[0], fit[min(1, len(fit) - 1)], fit[-1]
        self._memory = memory
        self._closed: _Closed | None = None

    def beside(
        self,
        key: WindowKey,
        tables: Tables,
        shown: Shown,
        late: Cells,
        uncounted: Callable[[str], Cells] | None = None,
        known: Iterable[tuple[tuple[str, Labels], int]] = (),
    ) -> Shown:
        """Return what a window may show beside the smaller ones inside it, which closed before.

        Args:
            key: The window.
            tables: Its people.
            shown: What it would show on its own.
            late: Corrections of windows inside it that are not released.
            uncounted: Returns, of running totals, what no closed window of some size contains.
            known: How many people of it alerts have counted, by attribute and group.
        """
        memory = self._memory.find(key)
        beyond = {code: list(vector) for code, vector in late.items()}
        if uncounted is not None:
            add_cells(beyond, uncounted(self.smallest))
        change = self._count(beyond, tables) if beyond else {}
        for (name, labels), n in known:
            if labels in change.get(name, {}):
                change[name][labels] -= n
        kept = {}
        for name, groups in shown.items():
            parts = memory.parts.get(name) or HiddenParts()
            kept[name] = parts.shown_beside(tables[name], groups, self._k, change.get(name, {}))
        kept = self._with_crosses(tables, shown, kept)
        if not memory.inner.leaves:
            return kept
        releases = releases_of(tables, kept, self._attributes)
        return protect_crossed(memory.inner, dict(zip(tables, releases, strict=True)), kept, self._k)

    def _with_crosses(self, tables: Tables, before: Shown, after: Shown) -> Shown:
        """Hide the intersections of a group that was hidden beside smaller windows: their sum is the group."""
        for attribute in self._attributes:
            newly = {labels[0] for labels in before.get(attribute, set()) - after.get(attribute, set())}
            crossed = [name for name in after if CROSS in name and attribute in name.split(CROSS)] if newly else []
            for name in crossed:
                place = name.split(CROSS).index(attribute)
                crosses = {labels for labels in tables[name] if labels[place] in newly}
                after[name] = without(tables[name], after[name], crosses, self._k)
        return after

    def late_inside(self, key: WindowKey, unpublished: Mapping[WindowKey, Cells]) -> Cells:
        """Return the corrections of the smallest windows inside a window that are not released.

        Args:
            key: The window.
            unpublished: Corrections of which no revision was published yet, by the window.
        """
        late: Cells = {}
        pending = [(inner, self._memory.find(inner).pending) for inner in self._memory]
        for inner, cells in (*pending, *sorted(unpublished.items())):
            if inner == key == TOTAL or (inner[0] == self.smallest and inner != key and self._contains(key, inner)):
                add_cells(late, cells)
        return late

    def has_small(self, change: Cells, results: Iterable[Result]) -> bool:
        """Return whether some group of the results changed by 1 to k-1 people."""
        if not change:
            return False
        tables = self._count(change, [result.attribute for result in results])
        return any(0 < abs(n) < self._k for people in tables.values() for n in people.values())

    def note(self, key: WindowKey, hidden: Tables, shown: Shown, cross: People | None = None) -> None:
        """Note what a window hides and shows for each larger one around it, and for the totals.

        Args:
            key: The window.
            hidden: People of the groups that it does not show.
            shown: The groups that it shows.
            cross: Its people by the labels of all attributes; None for a correction of it.
        """
        around = [(large, self._start_of(key, large)) for large in self._larger[key[0]] if large not in self.unfit]
        end_s = key[1] + self._sizes_s[key[0]]
        for outer in (*around, TOTAL):
            tables = {name: people for name, people in hidden.items() if outer != TOTAL or CROSS not in name}
            if key[0] == self.smallest:
                begin_s, parts = self._start_of(key, self._second), self._memory.of(outer).parts
                for name, people in tables.items():
                    parts.setdefault(name, HiddenParts()).add(begin_s, self._not_known(name, people))
            elif self._memory.find(outer).parts:
                for name, parts_of in self._memory.of(outer).parts.items():
                    parts_of.release(key[1], end_s, shown.get(name, ()))
        if cross and around and any(CROSS in name for name in shown):
            cells = frozenset((name, labels) for name, groups in shown.items() for labels in groups)
            places = {name: places_of(name, self._attributes) for name in shown}
            self._memory.of(around[0]).inner.add(cells, cross, places, self._k, self._memory.find(key).inner)

    def _not_known(self, name: str, hidden: Mapping[Labels, int]) -> People:
        """Return the people of hidden groups; groups with nobody are known, unless all people are few."""
        is_known = CROSS in name or not 0 < sum(hidden.values()) < self._k
        return {group: n for group, n in hidden.items() if n or not is_known}

    def note_groups(
        self, key: WindowKey, results: Sequence[Result], hidden: Mapping[str, set[Labels]], cells: Cells
    ) -> None:
        """Note the groups of single attributes that a window shows: running totals may follow from them.

        Args:
            key: The window.
            results: What is shown of it.
            hidden: The groups with decisions that it hides, by attribute.
            cells: Its counts.
        """
        totals, end_s = self._memory.of(TOTAL).totals, key[1] + self._sizes_s[key[0]]
        is_smallest = key[0] == self.smallest
        if is_smallest:
            totals.move_to(key[1], end_s, self._sizes_s.values())
        complete: dict[str, dict[Labels, Counts]] = {}
        for result in results:
            if CROSS not in result.attribute:
                gone = hidden.get(result.attribute, set())
                shown = {group.labels: (group.n, group.favorable) for group in result.groups if group.n}
                shown = {labels: counts for labels, counts in shown.items() if labels not in gone}
                n_hidden = sum(group.n for group in result.groups if group.labels in gone)
                has_few = 0 < n_hidden < self._k
                unknown = gone | {group.labels for group in result.groups if not group.n} if has_few else gone
                totals.add(result.attribute, key[1], end_s, shown, unknown, has_few=has_few)
                complete[result.attribute] = shown
        if is_smallest:
            is_complete = not any(hidden.get(name) for name in complete)
            self._closed = _Closed(cells, complete, is_complete)

    @property
    def is_complete(self) -> bool:
        """Whether the smallest window that has just closed hides no group, or none has closed."""
        return self._closed is None or self._closed.is_complete

    @property
    def has_left_out(self) -> bool:
        """Whether some of the smallest windows hid a group, or had a correction."""
        return bool(self._memory.find(TOTAL).left_out)

    def count_closed(self, *, is_complete: bool) -> None:
        """Count the smallest window that has just closed, if there is one, among those that hide no group or others.

        Args:
            is_complete: Whether it is shown in every way in which people are counted.
        """
        closed, self._closed = self._closed, None
        if closed is None:
            return
        memory = self._memory.of(TOTAL)
        if not is_complete:
            add_cells(memory.left_out, closed.cells)
            return
        for name, shown in closed.shown.items():
            memory.totals.add_complete(name, shown)

    def note_correction(self, key: WindowKey, correction: Cells) -> None:
        """Note what was counted in a window after it closed: no window has shown it to readers then."""
        if key[0] == self.smallest:
            add_cells(self._memory.of(TOTAL).left_out, correction)

    def end(self, name: str, end_s: int) -> None:
        """Note that a window has ended: when it is of the largest size, the totals have no release inside it any more.

        Args:
            name: Its name.
            end_s: Its end.
        """
        self._forget(end_s)
        if name == self._largest and self._memory.find(TOTAL).parts:
            for parts in self._memory.of(TOTAL).parts.values():
                parts.sum_up(self._k)

    def _contains(self, outer: WindowKey, inner: WindowKey) -> bool:
        return outer == TOTAL or (outer[0] != inner[0] and self._start_of(inner, outer[0]) == outer[1])

    def _start_of(self, key: WindowKey, outer: str) -> int:
        return key[1] - key[1] % self._sizes_s[outer]

    def _forget(self, closed_s: int) -> None:
        """Forget windows that are not corrected any more and are not the newest of their size.

        What was never released of the smallest ones is left out of the running totals as long as it is too few.
        """
        ends_s = {key: key[1] + self._sizes_s.get(key[0], 0) for key in self._memory if key != TOTAL}
        newest = {key[0]: key for key in sorted(ends_s) if ends_s[key] <= closed_s}
        old = [key for key, end_s in ends_s.items() if end_s <= closed_s - self._revision_s]
        gone = [key for key in old if newest.get(key[0]) != key]
        for key in gone:
            if key[0] == self.smallest and (pending := self._memory.find(key).pending):
                add_cells(self._memory.of(TOTAL).pending, pending)
        self._memory.forget(gone)
