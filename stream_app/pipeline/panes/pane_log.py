"""The open panes as entries of a lane's state: absolute counts, removed when the pane closes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from stream_app.core.windows.partials import PanePartial, pieces_of

_PREFIX = b"pane|"


class PaneLog:
    """Writes open panes to the state, and reads them back.

    Args:
        max_cells: Maximum number of cells of one entry; a larger pane takes several, written in one transaction.
    """

    def __init__(self, max_cells: int) -> None:
        self._max_cells = max_cells
        self._n_entries: dict[int, int] = {}  # by start of the pane

    def restore(self, entries: Mapping[bytes, bytes]) -> Iterator[PanePartial]:
        """Yield the stored panes; a large one comes in pieces."""
        for key, value in entries.items():
            if key.startswith(_PREFIX):
                pane = msgspec.msgpack.decode(value, type=PanePartial)
                self._n_entries[pane.start_s] = self._n_entries.get(pane.start_s, 0) + 1
                yield pane

    def changes(self, panes: list[PanePartial], closed_before_s: int | None) -> list[tuple[bytes, bytes | None]]:
        """Return the entries to write and to remove.

        A closed pane is removed in the transaction that publishes its last counts.

        Args:
            panes: The panes that changed since the last call.
            closed_before_s: Start of the first open pane; None before the first event.
        """
        changes: list[tuple[bytes, bytes | None]] = []
        if closed_before_s is not None:
            for start_s in sorted(start for start in self._n_entries if start < closed_before_s):
                changes += [(_key(start_s, number), None) for number in range(self._n_entries.pop(start_s))]
            panes = [pane for pane in panes if pane.start_s >= closed_before_s]
        for pane in panes:
            pieces = pieces_of(pane, self._max_cells)
            surplus = range(len(pieces), self._n_entries.get(pane.start_s, 0))  # of a pane that another policy counted
            self._n_entries[pane.start_s] = len(pieces)
            changes += [
                (_key(pane.start_s, number), msgspec.msgpack.encode(piece)) for number, piece in enumerate(pieces)
            ]
            changes += [(_key(pane.start_s, number), None) for number in surplus]
        return changes


def _key(start_s: int, piece: int) -> bytes:
    return _PREFIX + b"%d|%d" % (start_s, piece)
