"""From cells to amounts by group: numbers and exact sums by bin, for every combination of labels of some attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from stream_app.core.amounts.counts import AmountCounts
from stream_app.core.arrays import Ints
from stream_app.core.windows.cells import CellLayout
from stream_app.pipeline.layout import DECISION, amount_place_of
from stream_app.policy import ModelPolicy

Labels = tuple[str, ...]
ONLY_SEGMENT = "all"  # the only segment of a model without segments


class AmountCells:
    """The cells of a time range as columns.

    Args:
        model: Its policy, of kind ``amounts``.
        layout: Layout of the cells.
        cells: Vectors by code.
    """

    def __init__(self, model: ModelPolicy, layout: CellLayout, cells: Mapping[int, Sequence[int]]) -> None:
        self._layout, self._segment = layout, model.segment
        place = amount_place_of(model)
        self._codes = np.fromiter(cells, np.int64, len(cells))
        self._n = np.fromiter((vector[0] for vector in cells.values()), np.int64, len(cells))
        self._sums = np.fromiter((vector[place] for vector in cells.values()), np.int64, len(cells))
        self._bin_stride, self._n_bins = layout.radix_of(DECISION)

    @property
    def n(self) -> int:
        """Decisions in all cells."""
        return int(self._n.sum())

    def table(self, attributes: Sequence[str]) -> AmountTable:
        """Return the amounts of every combination of labels of some attributes."""
        dimensions = [(*self._layout.radix_of(name), dict(self._layout.dimensions)[name]) for name in attributes]
        places = np.zeros(len(self._codes), np.int64)
        for stride, n_labels, _ in dimensions:
            places = places * n_labels + self._codes // stride % n_labels
        return AmountTable([labels for _, _, labels in dimensions], *self._by_place(places, dimensions))

    def by_segment(self, attributes: Sequence[str]) -> dict[str, AmountTable]:
        """Return the amounts of every combination of labels inside each segment with decisions."""
        if self._segment is None:
            return {ONLY_SEGMENT: self.table(attributes)}
        every = self.table((self._segment.name, *attributes))
        return {segment: every.within(segment) for segment in every.labels[0]}

    def _by_place(self, places: Ints, dimensions: Sequence[tuple[int, int, Labels]]) -> tuple[Ints, Ints]:
        shape = (prod(n_labels for _, n_labels, _ in dimensions), self._n_bins)
        n, sums = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        bins = self._codes // self._bin_stride % self._n_bins
        np.add.at(n, (places, bins), self._n)
        np.add.at(sums, (places, bins), self._sums)
        return n, sums


class AmountTable:
    """The amounts of every combination of labels of some attributes.

    Args:
        labels: Labels of each attribute.
        n: Decisions by combination and bin, shape (combinations, bins).
        sums: Sums of their amounts, likewise.

    Attributes:
        labels: As above.
    """

    def __init__(self, labels: Sequence[Labels], n: Ints, sums: Ints) -> None:
        self.labels = labels
        self._n, self._sums = n, sums

    def of(self, crosses: Sequence[Labels]) -> AmountCounts:
        """Return the amounts of some combinations, shape (crosses, bins)."""
        rows = [self._row_of(cross) for cross in crosses]
        return AmountCounts(self._n[rows], self._sums[rows])

    def one(self, cross: Labels) -> AmountCounts:
        """Return the amounts of one combination, shape (bins,)."""
        row = self._row_of(cross)
        return AmountCounts(self._n[row], self._sums[row])

    def people(self) -> dict[Labels, int]:
        """Return the decisions of each combination that has any."""
        totals = self._n.sum(axis=1)
        return {self._cross_of(row): int(totals[row]) for row in np.flatnonzero(totals).tolist()}

    def within(self, label: str) -> AmountTable:
        """Return the part of it with one label of the first attribute."""
        n_rows = len(self._n) // len(self.labels[0])
        first = self.labels[0].index(label) * n_rows
        rows = slice(first, first + n_rows)
        return AmountTable(self.labels[1:], self._n[rows], self._sums[rows])

    def _row_of(self, cross: Labels) -> int:
        row = 0
        for labels, label in zip(self.labels, cross, strict=True):
            row = row * len(labels) + labels.index(label)
        return row

    def _cross_of(self, row: int) -> Labels:
        cross: list[str] = []
        for labels in reversed(self.labels):
            row, index = divmod(row, len(labels))
            cross.append(labels[index])
        return tuple(reversed(cross))
