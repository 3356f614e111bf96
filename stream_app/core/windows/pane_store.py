"""The open panes of one source partition: absolute counts that change until the pane closes."""

from __future__ import annotations

from collections.abc import Iterable

from stream_app.core.windows.cells import CellMapping, Cells, add_cells, correct_cells
from stream_app.core.windows.partials import PanePartial


class PaneStore:
    """Counts by pane, and which panes changed since the last flush.

    >>> store = PaneStore()
    >>> store.add(100, {3: [2]}); store.add(100, {3: [1], 4: [1]})
    >>> store.take_changes()
    [PanePartial(start_s=100, cells={3: [3], 4: [1]})]
    >>> store.take_changes(), store.close_before(110)
    ([], [100])
    """

    def __init__(self) -> None:
        self._panes: dict[int, Cells] = {}
        self._changed: set[int] = set()

    def __len__(self) -> int:
        return len(self._panes)

    def add(self, start_s: int, cells: Cells) -> None:
        """Add counts to one pane."""
        add_cells(self._panes.setdefault(start_s, {}), cells)
        self._changed.add(start_s)

    def correct(self, start_s: int, change: Cells) -> None:
        """Change the counts of a pane; not where the change is of other counts than are there."""
        if correct_cells(self._panes.get(start_s, {}), change):
            self._changed.add(start_s)

    def put_back(self, panes: Iterable[PanePartial]) -> None:
        """Take over panes from stored state."""
        for pane in panes:
            self._panes.setdefault(pane.start_s, {}).update(pane.cells)

    def map_cells(self, mapping: CellMapping) -> None:
        """Take all counts over to another cell layout; every pane has changed then."""
        self._panes = {start_s: mapping.map_cells(cells) for start_s, cells in self._panes.items()}
        self._changed.update(self._panes)

    def take_changes(self) -> list[PanePartial]:
        """Return the absolute counts of every pane that changed since the last call, in order of time and code.

        The order makes equal counts equal bytes, however the records were cut into runs.
        """
        changes = [
            PanePartial(start_s, {code: list(vector) for code, vector in sorted(self._panes[start_s].items())})
            for start_s in sorted(self._changed)
        ]
        self._changed.clear()
        return changes

    def close_before(self, start_s: int) -> list[int]:
        """Forget the panes that start before a time and return their starts."""
        closed = sorted(closing_s for closing_s in self._panes if closing_s < start_s)
        for closing_s in closed:
            del self._panes[closing_s]
        return closed
