"""What alerts may say beside windows: the exact counts of a pair since its onset, or rounded ones.

The time range of an alert is a release as any other. As far as it covers windows that have closed and show both groups,
it is the sum of these and says nothing new. A window that has closed is cut at the onset only where each period in it
has enough people of both groups; else the range begins at the nearest start of one of the smallest windows. What it
counts in the open window is new: it is shown where no few people follow from it, it is remembered, and when the window
closes, its tables are tested beside it. Where that is not possible, and for intersections, whose margins may be shown
later, the time range ends with the last closed window; if that leaves too little, or a group was hidden since, readers
see rounded numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from stream_app.core.groups.subgroups import Subgroup
from stream_app.core.releases.knowledge import Knowledge
from stream_app.core.releases.related import Count
from stream_app.core.releases.withholding import Cell, Group, ReleasedTable, add_rest, choose_shown
from stream_app.core.windows.cells import CellLayout, Cells, add_cells
from stream_app.core.windows.history import HistorySpan, PeriodHistory
from stream_app.core.windows.tally_changes import WindowKey
from stream_app.pipeline.judge.gate.inner_windows import TOTAL
from stream_app.pipeline.judge.gate.tables import Labels, Shown, Tables, cross_of, margins_of, without
from stream_app.pipeline.judge.stored.stored_releases import Cut, GateMemory
from stream_app.pipeline.records.results import AND, CROSS
from stream_app.policy import ModelPolicy

_PART_LOST = 3  # a time range is moved by at most the third part of it


class AlertedPair(NamedTuple):
    """Whom an alert is about.

    Attributes:
        attribute: Name of the attribute, or of several joined.
        groups: The group and its reference, as results name them.
    """

    attribute: str
    groups: tuple[str, ...]


def alerted_pair(pair: Subgroup) -> AlertedPair:
    """Return whom an alert about a pair is about."""
    return AlertedPair(CROSS.join(pair.attributes), (AND.join(pair.labels), AND.join(pair.reference)))


class AlertRange(NamedTuple):
    """The time range that an alert describes.

    Attributes:
        start_s: Start of a window; None for the onset itself.
        end_s: Its end.
        is_rounded: Whether readers see rounded numbers only.
    """

    start_s: int | None
    end_s: int
    is_rounded: bool


class AlertCounts:
    """Chooses the time range of each alert, and what windows show beside alerts.

    Args:
        model: The policy.
        layout: Layout of its cells.
        memory: What is remembered of all windows.
        smallest: Name of the smallest windows.
    """

    def __init__(self, model: ModelPolicy, layout: CellLayout, memory: GateMemory, smallest: str) -> None:
        self._k, self._layout, self._memory, self._smallest = model.privacy.k, layout, memory, smallest
        self._attributes = [attribute.name for attribute in model.attributes]
        self._size_s = min(window.size_s for window in model.windows)
        self._has_parts = self._size_s % model.period_s == 0
        self._known: tuple[WindowKey, int, Knowledge] | None = None  # of the open window, after so many alerts
        self._groups = {name: tuple(frozenset([label]) for label in labels) for name, labels in layout.dimensions}

    def choose(self, history: PeriodHistory, onset_s: int, pair: AlertedPair | None) -> AlertRange:
        """Return the time range that an alert describes.

        Args:
            history: The tested periods; the newest one caused the alert.
            onset_s: Onset of what it reports.
            pair: Whom it is about; None where exact counts can never be shown.
        """
        end_s = history.end_s
        if self._k <= 1:
            return AlertRange(None, end_s, is_rounded=False)
        if pair is not None and self._has_parts:
            for start_s in (history.start_near(onset_s), history.boundary_near(onset_s, self._size_s)):
                if start_s is None or _is_far(abs(start_s - onset_s), end_s - min(start_s, onset_s)):
                    continue
                until_s = self._end_of(history, start_s, pair)
                if until_s is not None:
                    return AlertRange(start_s, until_s, is_rounded=False)
        return AlertRange(None, end_s, is_rounded=True)

    def beside(self, key: WindowKey, tables: Tables, shown: Shown) -> Shown:
        """Return what a window may show beside the alerts that counted a part of it.

        Args:
            key: The window.
            tables: Its people.
            shown: What it would show without them.
        """
        cuts = self._memory.find(key).cuts
        if not cuts or key[0] != self._smallest:
            return shown
        end_s, knowledge = key[1] + self._size_s, self._knowledge(key)
        released = [
            self._table(name, key[1], end_s, people, sorted(shown[name], key=lambda g: (-people[g], g)))
            for name, people in tables.items()
        ]
        kept = {}
        for name, cells in zip(tables, choose_shown(knowledge, released), strict=True):
            left = {_labels(cell) for cell in cells} | {g for g in shown[name] if not tables[name][g]}
            kept[name] = shown[name] if left >= shown[name] else without(tables[name], left, (), self._k)
        return kept

    def known_in(self, key: WindowKey) -> dict[tuple[str, Labels], int]:
        """Return how many people of each group in a window follow from alerts, up to the newest moment of each."""
        known: dict[tuple[str, Labels], int] = {}
        if not (cuts := self._memory.find(key).cuts):
            return known
        knowledge = self._knowledge(key)
        ends_s = sorted({cut.end_s for cut in cuts})
        for name, labels in {(cut.attribute, labels) for cut in cuts for labels, _ in cut.people}:
            people = self._table(name, key[1], ends_s[-1], {}, ()).set_of(_cell(labels))
            for end_s in ends_s:
                n = knowledge.known_of(people, key[1], end_s)
                known |= {} if n is None else {(name, labels): n}
        return known

    def known_in_open(self) -> Iterator[tuple[tuple[str, Labels], int]]:
        """Yield the same of all windows that have not closed."""
        for key in self._memory:
            yield from self.known_in(key).items()

    def note_window(
        self, key: WindowKey, hidden: Mapping[str, set[Labels]], cells: Cells, periods: Callable[[], Iterable[Cells]]
    ) -> None:
        """Note what one of the smallest windows hides, and whether all that it counts was tested by now.

        Args:
            key: The window, which has just closed.
            hidden: The groups with decisions that it hides, by attribute.
            cells: Its counts.
            periods: Returns the counts of the tested periods in it.
        """
        if key[0] != self._smallest or self._k <= 1:
            return
        runs, end_s = self._memory.of(TOTAL).runs, key[1] + self._size_s
        if runs.begin_s is None:
            runs.begin_s = key[1]
        if not self._is_tested(cells, periods):
            runs.begin_s, runs.hidden_s = end_s, {}
        for name, groups in hidden.items():
            runs.hidden_s |= {(name, AND.join(labels)): end_s for labels in groups}
        if self._memory.find(key).cuts:
            self._memory.of(key).cuts = []

    def _end_of(self, history: PeriodHistory, start_s: int, pair: AlertedPair) -> int | None:
        """Return how far exact counts of a pair may be shown from a time on; None where they may not."""
        end_s = history.end_s
        open_s, begin_s = self._start_of(end_s - 1), self._start_of(start_s)
        until_s = self._memory.find(TOTAL).totals.until_s
        if (until_s is not None and open_s < until_s) or not self._is_shown_since(begin_s, open_s, pair):
            return None
        if begin_s < start_s < open_s and not self._is_dense(history.parts(begin_s, begin_s + self._size_s), pair):
            return None
        if CROSS not in pair.attribute:
            ends_s = [start_s, end_s] if start_s > open_s else [end_s]
            if all(self._cut(open_s, history.between(open_s, until_s), pair) for until_s in ends_s):
                return end_s
        return open_s if start_s < open_s and not _is_far(end_s - open_s, end_s - start_s) else None

    def _start_of(self, time_s: int) -> int:
        """Return the start of the smallest window that contains a time."""
        return time_s - time_s % self._size_s

    def _is_dense(self, parts: list[Cells] | None, pair: AlertedPair) -> bool:
        """Return whether no few people follow wherever a window is cut between its periods.

        Then each period has at least k people of both groups, and those of all smaller groups are k together or nobody.
        """
        if parts is None or CROSS in pair.attribute:
            return False
        for people in (self._people(cells, pair.attribute) for cells in parts):
            n_small = sum(n for n in people.values() if n < self._k)
            if 0 < n_small < self._k or any(people.get((group,), 0) < self._k for group in pair.groups):
                return False
        return True

    def _people(self, cells: Cells, name: str) -> dict[Labels, int]:
        return margins_of(cross_of(self._layout, self._attributes, cells), self._attributes, [name])[name]

    def _is_shown_since(self, start_s: int, open_s: int, pair: AlertedPair) -> bool:
        """Return whether every window from a time on that has closed shows both groups."""
        runs = self._memory.find(TOTAL).runs
        if start_s >= open_s:
            return True
        if runs.begin_s is None or runs.begin_s > start_s:
            return False
        return all(runs.hidden_s.get((pair.attribute, group), start_s) <= start_s for group in pair.groups)

    def _cut(self, open_s: int, part: HistorySpan, pair: AlertedPair) -> bool:
        """Take in what an alert counts in the open window; return False where few people would follow."""
        key = (self._smallest, open_s)
        people = self._people(part.cells, pair.attribute)
        shown = [labels for labels in people if AND.join(labels) in pair.groups]
        cut, cuts = Cut(pair.attribute, part.end_s, sorted(people.items()), sorted(shown)), self._memory.find(key).cuts
        if cut in cuts:
            return True
        if self._known is None or self._known[:2] != (key, len(cuts)):
            self._known = (key, len(cuts), self._knowledge(key))
        knowledge = self._known[2]
        if not self._show(knowledge, open_s, cut):
            return False
        self._memory.of(key).cuts = [*cuts, cut]
        self._known = (key, len(cuts) + 1, knowledge)
        return True

    def _knowledge(self, key: WindowKey) -> Knowledge:
        """Return what readers know of a window from alerts."""
        knowledge = Knowledge(self._k)
        for cut in self._memory.find(key).cuts:
            self._show(knowledge, key[1], cut)
        return knowledge

    def _show(self, knowledge: Knowledge, start_s: int, cut: Cut) -> bool:
        """Take in an alert, or nothing of it where few people would follow."""
        table = self._table(cut.attribute, start_s, cut.end_s, dict(cut.people), cut.shown)
        knowledge.settle()
        mark = knowledge.mark()
        choose_shown(knowledge, [table._replace(shown=())])
        counts = [Count(table.set_of(cell), start_s, cut.end_s, table.people[cell]) for cell in table.shown]
        if all(map(knowledge.add_if_safe, counts)) and add_rest(knowledge, table, table.shown):
            return True
        knowledge.undo(mark)
        return False

    def _table(
        self, name: str, start_s: int, end_s: int, people: Mapping[Labels, int], shown: Iterable[Labels]
    ) -> ReleasedTable:
        attributes = tuple(name.split(CROSS))
        return ReleasedTable(
            attributes,
            tuple(self._groups[attribute] for attribute in attributes),
            start_s,
            end_s,
            {_cell(labels): n for labels, n in people.items() if n},
            [_cell(labels) for labels in shown if people.get(labels)],
        )

    def _is_tested(self, cells: Cells, periods: Callable[[], Iterable[Cells]]) -> bool:
        """Return whether the tested periods of a window have the same people."""
        left: Cells = {}
        for tested in periods():
            add_cells(left, tested)
        return {code: vector[0] for code, vector in left.items() if vector[0]} == {
            code: vector[0] for code, vector in cells.items() if vector[0]
        }


def _is_far(shift_s: int, length_s: int) -> bool:
    """Return whether an end of a time range is moved too far."""
    return shift_s * _PART_LOST > length_s


def _cell(labels: Labels) -> Cell:
    return tuple(map(_group, labels))


def _group(label: str) -> Group:
    return frozenset([label])


def _labels(cell: Cell) -> Labels:
    return tuple(label for group in cell for label in group)
