"""Counts of all subgroups from the cells of a pane, fast and exact.

Subgroups overlap, so the same decision counts in many of them. A value that is ``unknown`` or not listed is not a
declared group: a decision with such a value in an attribute of the subgroup counts neither for it nor for its
reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Protocol

import numpy as np

from stream_app.core.arrays import Ints
from stream_app.core.groups.subgroups import Subgroup

Dimensions = tuple[tuple[str, tuple[str, ...]], ...]  # name and labels, in the order of the code

_DECISION = "decision"
_UNUSED = 0  # the row of the margin that takes what no subgroup needs


class Layout(Protocol):
    """How labels become the codes of cells: a mixed-radix number, the last dimension varies fastest."""

    @property
    def dimensions(self) -> Dimensions:
        """Name and labels of each dimension."""

    @property
    def width(self) -> int:
        """Length of a cell's vector."""


class Marginalizer:
    """Counts all subgroups in the cells of one pane or window.

    Each cell is part of one cell of the *margin* of every choice of attributes, so one pass over the cells, in arrays,
    fills all margins; a subgroup and its reference are then two rows of it. Exact (int64). Cost: cells x choices of
    attributes additions, whatever the number of subgroups.

    Args:
        layout: How the cells are coded.
        subgroups: The pairs, in the order of the result.
        favorable: The label, or labels, of the dimension that count as favorable.
        dimension: Name of that dimension.
        segment: The dimension that makes strata, ``unknown`` and ``__other__`` included; None for one stratum.

    Attributes:
        strata: Labels of the second axis of ``counts``; one empty label without a segment.

    Raises:
        ValueError: the layout lacks a dimension or a label that is needed.

    >>> from collections import namedtuple
    >>> from stream_app.core.groups.subgroups import subgroups
    >>> layout = namedtuple("Layout", "dimensions width")((("sex", ("female", "male")), ("decision", ("yes", "no"))), 1)
    >>> marginalizer = Marginalizer(layout, subgroups([("sex", ("female", "male"), "male")]), favorable="yes",
    ...     segment=None)
    >>> marginalizer.counts({0: [3], 1: [7], 2: [8], 3: [2]}).tolist()
    [[[3, 10, 8, 10]]]
    """

    def __init__(
        self,
        layout: Layout,
        subgroups: Sequence[Subgroup],
        *,
        favorable: str | tuple[str, ...],
        dimension: str = _DECISION,
        segment: str | None = None,
    ) -> None:
        names = [name for name, _ in layout.dimensions]
        radices = [len(labels) for _, labels in layout.dimensions]
        self._radices = np.array(radices, dtype=np.int64)
        self._strides = np.array([prod(radices[place + 1 :]) for place in range(len(radices))], dtype=np.int64)
        self._decision = _place(names, dimension)
        labels = (favorable,) if isinstance(favorable, str) else favorable
        self._favorable = np.array([_place(layout.dimensions[self._decision][1], label) for label in labels])
        self._segment = None if segment is None else _place(names, segment)
        self.strata = ("",) if self._segment is None else layout.dimensions[self._segment][1]

        margin = _Margin(layout.dimensions, subgroups)
        self._weights, self._offsets = margin.weights, margin.offsets
        group = margin.rows((subgroup.attributes, subgroup.labels) for subgroup in subgroups)
        reference = margin.rows((subgroup.attributes, subgroup.reference) for subgroup in subgroups)
        needed = np.unique(np.concatenate([group, reference]))
        self._row_of = np.full(margin.size, _UNUSED, dtype=np.int64)
        self._row_of[needed] = np.arange(1, len(needed) + 1)
        self._group, self._reference = self._row_of[group], self._row_of[reference]
        self._n_rows = len(needed) + 1

    def counts(self, cells: Mapping[int, Sequence[int]]) -> Ints:
        """Count decisions of every subgroup and its reference.

        Args:
            cells: Vectors by code, n first; missing cells are empty.

        Returns:
            int64, shape (subgroups, strata, 4): favorable and all decisions of the group, then of the reference.
        """
        n = np.fromiter((vector[0] for vector in cells.values()), np.int64, len(cells))
        slots, decision = self._slots(cells)
        is_favorable = np.isin(decision, self._favorable)
        decisions = self._scatter(slots, n)
        favorable = self._scatter(slots[is_favorable], n[is_favorable])
        return np.stack(
            [favorable[self._group], decisions[self._group], favorable[self._reference], decisions[self._reference]],
            axis=-1,
        )

    def _slots(self, cells: Mapping[int, Sequence[int]]) -> tuple[Ints, Ints]:
        """Return the slots of each cell, shape (cells, choices), and its label of the dimension that is counted."""
        codes = np.fromiter(cells, np.int64, len(cells))
        digits = codes[:, np.newaxis] // self._strides % self._radices
        slots = self._row_of[digits @ self._weights + self._offsets] * len(self.strata)
        if self._segment is not None:
            slots += digits[:, self._segment, np.newaxis]
        return slots, digits[:, self._decision]

    def _scatter(self, slots: Ints, n: Ints) -> Ints:
        """Add n of each cell to its slots; shape (rows, strata)."""
        table = np.zeros(self._n_rows * len(self.strata), dtype=np.int64)
        np.add.at(table, slots.ravel(), np.repeat(n, slots.shape[1]))
        return table.reshape(self._n_rows, len(self.strata))


class _Margin:
    """The margins of all choices of attributes, one after the other in one row of integers.

    Attributes:
        weights: What a label index adds to the row, shape (dimensions, choices).
        offsets: First row of each choice.
        size: Number of rows.
    """

    def __init__(self, dimensions: Dimensions, subgroups: Iterable[Subgroup]) -> None:
        self._labels = dict(dimensions)
        self._names = [name for name, _ in dimensions]
        self._choices = list(dict.fromkeys(subgroup.attributes for subgroup in subgroups))
        self.weights = np.zeros((len(dimensions), len(self._choices)), dtype=np.int64)
        self.offsets = np.zeros(len(self._choices), dtype=np.int64)
        self.size = 0
        for choice, attributes in enumerate(self._choices):
            places = [_place(self._names, attribute) for attribute in attributes]
            radices = [len(dimensions[place][1]) for place in places]
            self.weights[places, choice] = [prod(radices[depth + 1 :]) for depth in range(len(radices))]
            self.offsets[choice] = self.size
            self.size += prod(radices)

    def rows(self, combinations: Iterable[tuple[tuple[str, ...], tuple[str, ...]]]) -> Ints:
        """Return the row of each combination of attributes and labels."""
        return np.array([self._row(attributes, labels) for attributes, labels in combinations], dtype=np.int64)

    def _row(self, attributes: tuple[str, ...], labels: tuple[str, ...]) -> int:
        choice = self._choices.index(attributes)
        row = int(self.offsets[choice])
        for attribute, label in zip(attributes, labels, strict=True):
            index = _place(self._labels[attribute], label)
            row += index * int(self.weights[_place(self._names, attribute), choice])
        return row


def _place(names: Sequence[str], name: str) -> int:
    if name not in names:
        raise ValueError(f"{name!r} is not one of {', '.join(names)}")
    return names.index(name)
