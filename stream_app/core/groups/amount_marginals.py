"""Amounts of all subgroups and of their references from the cells of a pane, fast and exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from stream_app.core.amounts.counts import AmountCounts, Favorable, paired_columns
from stream_app.core.arrays import Ints
from stream_app.core.groups.marginals import Layout, Marginalizer
from stream_app.core.groups.subgroups import Subgroup


class AmountMarginalizer(Marginalizer):
    """Counts the amounts of all subgroups, as ``Marginalizer`` counts decisions.

    Args:
        layout: How the cells are coded.
        subgroups: The pairs, in the order of the result.
        dimension: Name of the dimension whose labels are the bins, low to high.
        sum_place: Place of the sum of amounts, in fixed point, in a cell's vector.
        favorable: Whether low or high amounts are better for the person.
        segment: The dimension that makes strata, ``unknown`` and ``__other__`` included; None for one stratum.

    Attributes:
        strata: Labels of the second axis of ``counts``; one empty label without a segment.

    Raises:
        ValueError: the layout lacks a dimension or a label that is needed.

    >>> from collections import namedtuple
    >>> from stream_app.core.groups.subgroups import subgroups
    >>> dimensions = (("sex", ("female", "male")), ("price", ("0", "1", "2", "3")))
    >>> layout = namedtuple("Layout", "dimensions width")(dimensions, 2)
    >>> marginalizer = AmountMarginalizer(layout, subgroups([("sex", ("female", "male"), "male")]), dimension="price",
    ...     sum_place=1, favorable="high", segment=None)
    >>> marginalizer.counts({1: [3, 450000], 4: [2, 0]}).tolist()
    [[[0, 0, 0, 2, 450000, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]]
    """

    def __init__(
        self,
        layout: Layout,
        subgroups: Sequence[Subgroup],
        *,
        dimension: str,
        sum_place: int,
        favorable: Favorable,
        segment: str | None,
    ) -> None:
        labels = dict(layout.dimensions)
        if dimension not in labels:
            raise ValueError(f"{dimension!r} is not one of {', '.join(labels)}")
        bins = labels[dimension]
        super().__init__(layout, subgroups, favorable=bins, dimension=dimension, segment=segment)
        self._n_bins, self._sum_place, self._better = len(bins), sum_place, favorable

    def counts(self, cells: Mapping[int, Sequence[int]]) -> Ints:
        """Count amounts of every subgroup and its reference.

        Args:
            cells: Vectors by code, n first; missing cells are empty.

        Returns:
            int64, shape (subgroups, strata, 4 bins), as ``paired_columns`` returns them.
        """
        slots, number = self._slots(cells)
        by_bin = slots * self._n_bins + number[:, np.newaxis]
        n, sums = (
            self._scatter_bins(by_bin, np.fromiter((vector[place] for vector in cells.values()), np.int64, len(cells)))
            for place in (0, self._sum_place)
        )
        group, reference = (AmountCounts(n[rows], sums[rows]) for rows in (self._group, self._reference))
        return paired_columns(group, reference, favorable=self._better)

    def _scatter_bins(self, by_bin: Ints, values: Ints) -> Ints:
        """Add the value of each cell to its slots; shape (rows, strata, bins)."""
        table = np.zeros(self._n_rows * len(self.strata) * self._n_bins, dtype=np.int64)
        np.add.at(table, by_bin.ravel(), np.repeat(values, by_bin.shape[1]))
        return table.reshape(self._n_rows, len(self.strata), self._n_bins)
