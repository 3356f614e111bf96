"""Turns rows into a table of counts; an invalid row is rejected with its position and what was expected.

*Wide*: one row is one pane, with the columns ``k_a, n_a, k_b, n_b`` and optionally ``start``.
*Long*: one row is one group in one period, with the columns ``group, n, k`` and ``period`` or ``start``; every group
except the reference makes a pair.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator

import numpy as np

from stream_app.errors import ConfigError
from stream_app.offline.cells import format_start, parse_count, parse_start_s, reject
from stream_app.offline.columns import PERIOD, START, ColumnNames, CountRow
from stream_app.offline.table import COUNTS_OF_A_PAIR, Pair, PaneColumns, PaneTable, check_size
from stream_app.policy.labels import canonical_label

_CALENDAR = re.compile(r"[0-9]{4}-?[QWM]?[0-9]{1,2}")  # 2026-01, 2026Q1, 2026-W07: they sort as text


def read_wide(rows: Iterable[CountRow], names: ColumnNames) -> PaneTable:
    """Return the table of a file with one row for each pane; rows must be in order of time.

    Raises:
        ConfigError: A row is invalid; the message has its position.

    >>> rows = [CountRow("line 2", {"k_a": "35", "n_a": "50", "k_b": 40, "n_b": 50})]
    >>> read_wide(rows, ColumnNames({})).counts.tolist()
    [[[35, 50, 40, 50]]]
    """
    panes, flat = PaneColumns(), array("q")
    has_start: bool | None = None
    last_s = -1
    for number, row in enumerate(rows):
        has_start = names.has(row, START) if has_start is None else has_start
        start_s = names.start_s(row) if has_start else None
        if start_s is not None:
            _check_order(names, row, last_s < start_s)
            last_s = start_s
        flat.extend((*names.counts(row, "k_a", "n_a"), *names.counts(row, "k_b", "n_b")))
        panes.add(str(number) if start_s is None else format_start(start_s), start_s)
        check_size(number + 1, 1, row.place)
    return panes.table((Pair("a", "b"),), np.array(flat, dtype=np.int64).reshape(-1, 1, COUNTS_OF_A_PAIR))


def read_long(rows: Iterable[CountRow], names: ColumnNames, reference: str) -> PaneTable:
    """Return the table of a file with one row for each group and period.

    Rows of one period must be together, periods in order of time. A group that is missing in a period had no decision.
    Groups are compared as policies compare labels: "Male" and " male" are one group, and so are other normal forms.

    Raises:
        ConfigError: A row is invalid, or the reference or any other group is missing.

    >>> rows = [CountRow("line 2", {"period": "Q1", "group": "women", "n": 50, "k": 35}),
    ...         CountRow("line 3", {"period": "Q1", "group": "men", "n": 60, "k": 50})]
    >>> table = read_long(rows, ColumnNames({}), "men")
    >>> table.pairs, table.counts.tolist()
    ((Pair(group='women', reference='men'),), [[[35, 50, 50, 60]]])
    """
    panes, by_group = PaneColumns(), _GroupColumns()
    periods = _Periods(names)
    for row in rows:
        if periods.is_new(row):
            panes.add(periods.label, periods.start_s)
        group = names.label(row, "group")
        k, n = names.counts(row, "k", "n")
        if not by_group.add(group, len(panes.labels) - 1, k, n):
            raise ConfigError(
                f"{row.place}: this period already has a row for the group", action="Give one row per group and period"
            )
        check_size(len(panes.labels), by_group.n_groups, row.place)
    return panes.table(*by_group.pairs(len(panes.labels), reference))


class _Periods:
    """Recognizes the first row of each period."""

    def __init__(self, names: ColumnNames) -> None:
        self._names = names
        self._has_start: bool | None = None
        self._seen: set[str] = set()
        self.label = ""
        self.start_s: int | None = None

    def is_new(self, row: CountRow) -> bool:
        if self._has_start is None:
            self._has_start = self._names.has(row, START)
        return self._is_later(row) if self._has_start else self._is_another(row)

    def _is_later(self, row: CountRow) -> bool:
        start_s = self._names.start_s(row)
        if start_s == self.start_s:
            return False
        _check_order(self._names, row, self.start_s is None or self.start_s < start_s)
        self.start_s, self.label = start_s, format_start(start_s)
        return True

    def _is_another(self, row: CountRow) -> bool:
        label = self._names.label(row, PERIOD)
        if label == self.label:
            return False
        if label in self._seen:
            raise reject(row.place, self._names.of(PERIOD), "all rows of a period together, in order of time")
        if self.label and _is_before(label, self.label):
            raise reject(row.place, self._names.of(PERIOD), "a later period than in the row before")
        self._seen.add(label)
        self.label = label
        return True


class _GroupColumns:
    """Counts by group while they are read."""

    def __init__(self) -> None:
        # By label as policies compare them; panes; k and n alternating.
        self._by_group: dict[str, tuple[array[int], array[int]]] = {}
        self._spelled: dict[str, str] = {}  # as the file spells it first

    @property
    def n_groups(self) -> int:
        return len(self._by_group)

    def add(self, group: str, pane: int, k: int, n: int) -> bool:
        spelled, group = group, canonical_label(group)
        self._spelled.setdefault(group, spelled)
        panes, counts = self._by_group.setdefault(group, (array("q"), array("q")))
        if panes and panes[-1] == pane:
            return False
        panes.append(pane)
        counts.extend((k, n))
        return True

    def pairs(self, n_panes: int, reference: str) -> tuple[tuple[Pair, ...], np.typing.NDArray[np.int64]]:
        if n_panes and canonical_label(reference) not in self._by_group:
            raise ConfigError(
                "--reference: the file has no row for that group", action="Give the name of a group of the file"
            )
        reference = canonical_label(reference)
        groups = tuple(group for group in self._by_group if group != reference)
        if n_panes and not groups:
            raise ConfigError("There is no group besides the reference", action="Expected rows of two groups or more")
        counts = np.zeros((n_panes, len(groups), COUNTS_OF_A_PAIR), dtype=np.int64)
        for row, group in enumerate(groups):
            panes, group_counts = self._columns(group)
            counts[panes, row, :2] = group_counts
        if n_panes:
            panes, reference_counts = self._columns(reference)
            counts[panes, :, 2:] = reference_counts[:, np.newaxis, :]
        return tuple(Pair(self._spelled[group], self._spelled[reference]) for group in groups), counts

    def _columns(self, group: str) -> Iterator[np.typing.NDArray[np.int64]]:
        panes, counts = self._by_group[group]
        yield np.array(panes, dtype=np.int64)
        yield np.array(counts, dtype=np.int64).reshape(-1, 2)


def _check_order(names: ColumnNames, row: CountRow, is_later: bool) -> None:  # noqa: FBT001 - the one fact that is checked
    if not is_later:
        raise reject(row.place, names.of(START), "a time at least one second after the row before")


def _is_before(label: str, last: str) -> bool:
    """Return whether a period is before the last one, if both are times, whole numbers or parts of years."""
    if len(label) == len(last) and _CALENDAR.fullmatch(label) and _CALENDAR.fullmatch(last):
        return label < last
    for parse in (parse_count, parse_start_s):
        now, before = parse(label), parse(last)
        if now is not None and before is not None:
            return now < before
    return False
