"""Sums of the cells that lanes have counted."""

from __future__ import annotations

from collections.abc import Iterable

from stream_app.core.windows.cells import CellLayout, Cells
from stream_app.core.windows.partials import Partial


def panes_of(parts: Iterable[Partial]) -> dict[int, Cells]:
    """Return the cells by pane; pieces of one pane are joined."""
    panes: dict[int, Cells] = {}
    for pane in (pane for part in parts for pane in part.panes):
        panes.setdefault(pane.start_s, {}).update(pane.cells)
    return panes


def sum_by_labels(layout: CellLayout, panes: Iterable[Cells]) -> dict[tuple[str, ...], list[int]]:
    """Return the sums over panes, by labels."""
    total: dict[tuple[str, ...], list[int]] = {}
    for cells in panes:
        for code, vector in cells.items():
            labels = layout.labels_of(code)
            total[labels] = [a + b for a, b in zip(total.get(labels, [0] * len(vector)), vector, strict=True)]
    return total
