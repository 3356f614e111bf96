"""The cross of all labels as one integer, and the counts kept under it.

A *cell* is one combination of labels, for example (female, black, 18-29, home, favorable). Its *code* is the
mixed-radix number of the label indices, so a cell is an integer on the wire, in state and in memory. A cell contains a
*vector* of exact integers: ``[n, n_f, sum_f, sumsq_f, ...]`` with three entries per feature. Vectors add, so any
attribute, intersection, segment or window is a sum over cells, in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

Cells = dict[int, list[int]]  # code -> vector


@dataclass(frozen=True)
class CellLayout:
    """How labels become codes.

    Args:
        dimensions: Name and labels of each dimension, in the order of the code (the last varies fastest).
        n_features: Number of features whose sums are kept.

    >>> layout = CellLayout((("gender", ("female", "male")), ("decision", ("favorable", "unfavorable"))), 0)
    >>> layout.code_of((1, 0)), layout.labels_of(2)
    (2, ('male', 'favorable'))
    """

    dimensions: tuple[tuple[str, tuple[str, ...]], ...]
    n_features: int = 0

    @property
    def size(self) -> int:
        """Number of possible cells."""
        return prod(len(labels) for _, labels in self.dimensions)

    @property
    def width(self) -> int:
        """Length of a vector."""
        return 1 + 3 * self.n_features

    def position_of(self, name: str) -> int:
        """Return the place of a dimension.

        Raises:
            KeyError: no dimension has that name.
        """
        for position, (dimension, _) in enumerate(self.dimensions):
            if dimension == name:
                return position
        raise KeyError(name)

    def radix_of(self, name: str) -> tuple[int, int]:
        """Return stride and number of labels of a dimension: the index of a code's label is ``code // stride % n``.

        Raises:
            KeyError: no dimension has that name.

        >>> layout = CellLayout((("gender", ("female", "male")), ("decision", ("yes", "no", "later"))), 0)
        >>> layout.radix_of("gender"), layout.radix_of("decision")
        ((3, 2), (1, 3))
        """
        position = self.position_of(name)
        stride = prod(len(labels) for _, labels in self.dimensions[position + 1 :])
        return stride, len(self.dimensions[position][1])

    def code_of(self, indices: Iterable[int]) -> int:
        """Return the code of one combination of label indices."""
        code = 0
        for (_, labels), index in zip(self.dimensions, indices, strict=True):
            code = code * len(labels) + index
        return code

    def indices_of(self, code: int) -> tuple[int, ...]:
        """Return the label indices of a code."""
        indices = []
        for _, labels in reversed(self.dimensions):
            code, index = divmod(code, len(labels))
            indices.append(index)
        return tuple(reversed(indices))

    def labels_of(self, code: int) -> tuple[str, ...]:
        """Return the labels of a code."""
        return tuple(labels[index] for (_, labels), index in zip(self.dimensions, self.indices_of(code), strict=True))


def add_cells(total: Cells, more: Mapping[int, Iterable[int]], *, sign: int = 1) -> None:
    """Add vectors into ``total`` in place; a vector that becomes all zero is removed.

    >>> total = {1: [2, 10]}
    >>> add_cells(total, {1: [1, 5], 4: [1, 7]}); total
    {1: [3, 15], 4: [1, 7]}
    >>> add_cells(total, {4: [1, 7]}, sign=-1); total
    {1: [3, 15]}
    """
    for code, vector in more.items():
        known = total.get(code)
        if known is None:
            total[code] = [sign * value for value in vector]
        else:
            for place, value in enumerate(vector):
                known[place] += sign * value
        if not any(total[code]):
            del total[code]
