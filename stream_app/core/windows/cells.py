"""The cross of all labels as one integer, and the counts kept under it.

A *cell* is one combination of labels, for example (female, black, 18-29, home, favorable). Its *code* is the
mixed-radix number of the label indices, so a cell is an integer on the wire, in state and in memory. A cell contains a
*vector* of exact integers: ``[n, n_f, sum_f, sumsq_f, ...]`` with three entries per feature. Vectors add, so any
attribute, intersection, segment or window is a sum over cells, in any order.

A ``CellMapping`` takes counts over from one layout to another, so that stored counts outlive a changed policy:

    old cell -> new cell, with the same label of every dimension that both layouts have

Names identify dimensions, canonical labels identify labels, and names identify features. What has no counterpart:

- a label that the new layout lacks counts as ``__other__``;
- a dimension that only the new layout has: former counts are ``unknown`` there;
- a dimension that only the old layout has is summed over;
- a feature that only the new layout has: no former value, so its n is 0; one that only the old layout has is dropped.

Every event is in exactly one cell before and after, so totals are the same; the map is linear, so it does not matter
whether counts are added first or mapped first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream_app.core.arrays import Ints
from stream_app.policy.labels import OTHER, UNKNOWN, canonical_label

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


def without_last(cells: Cells, n_labels: int) -> Cells:
    """Return counts summed over the last dimension of their layout; the same object where that has one label.

    As in ``add_cells`` a vector that is all zero, of a difference, is removed.

    >>> without_last({0: [3], 2: [1], 3: [4]}, 3)
    {0: [4], 1: [4]}
    """
    if n_labels == 1:
        return cells
    summed: Cells = {}
    for code, vector in cells.items():
        known = summed.get(code // n_labels)
        if known is None:
            summed[code // n_labels] = list(vector)
        else:
            for place, value in enumerate(vector):
                known[place] += value
    return {code: vector for code, vector in summed.items() if any(vector)}


def correct_cells(cells: Cells, change: Mapping[int, Sequence[int]]) -> bool:
    """Add a change in place; return False, and change nothing, where a number of events would be negative.

    >>> cells = {1: [3], 2: [1]}
    >>> correct_cells(cells, {1: [-2], 5: [2]}), correct_cells(cells, {2: [-2], 5: [2]}), cells
    (True, False, {1: [1], 2: [1], 5: [2]})
    """
    if any(cells.get(code, (0,))[0] + vector[0] < 0 for code, vector in change.items()):
        return False
    add_cells(cells, change)
    return True


@dataclass(frozen=True)
class MappedFeature:
    """Where the sums of a feature come from.

    Attributes:
        place: Its place among the features of the old layout; None where its values were not counted before.
        factor: New scale / old scale, a whole number.
    """

    place: int | None
    factor: int = 1


@dataclass(frozen=True)
class CellMapping:
    """A map from the cells of one layout to those of another.

    Args:
        old: Layout of the counts.
        new: Layout that they get.
        features: For each feature of the new layout where its sums come from.
        places: By dimension, for each old label the place of the new one, where the labels alone do not say.

    Raises:
        ValueError: a dimension of the new layout has no label for former counts; the message names it.

    >>> old = CellLayout((("sex", ("f", "m", "unknown", "__other__")), ("decision", ("yes", "no"))))
    >>> new = CellLayout((("sex", ("f", "x", "m", "unknown", "__other__")), ("decision", ("yes", "no"))))
    >>> CellMapping(old, new).map_cells({0: [5], 3: [2], 7: [1]})
    {0: [5], 5: [2], 9: [1]}
    """

    old: CellLayout
    new: CellLayout
    features: tuple[MappedFeature, ...] = ()
    places: Mapping[str, Sequence[int]] | None = None

    def __post_init__(self) -> None:
        _ = self._code_by_code

    def map_codes(self, codes: NDArray[np.integer[Any]]) -> Ints:
        """Return the new code of each old one, int64, the same shape."""
        mapped: Ints = self._code_by_code[codes]
        return mapped

    def map_cells(self, cells: Cells) -> Cells:
        """Return counts in the cells of the new layout."""
        mapped: Cells = {}
        for code, vector in cells.items():
            add_cells(mapped, {int(self._code_by_code[code]): self._map_vector(vector)})
        return mapped

    def map_label(self, dimension: str, label: str) -> str | None:
        """Return the label under which something is counted now; None where the new layout lacks the dimension.

        Args:
            dimension: A dimension of the old layout.
            label: One of its labels.
        """
        old, new = dict(self.old.dimensions), dict(self.new.dimensions)
        if dimension not in new:
            return None
        places = self._places_of(dimension, old[dimension], new[dimension])
        return new[dimension][int(places[old[dimension].index(label)])]

    def _map_vector(self, vector: list[int]) -> list[int]:
        mapped = [vector[0]]
        for feature in self.features:
            if feature.place is None:
                mapped += [0, 0, 0]
            else:
                n, total, squares = vector[1 + 3 * feature.place : 4 + 3 * feature.place]
                mapped += [n, total * feature.factor, squares * feature.factor**2]
        return mapped

    @cached_property
    def _code_by_code(self) -> Ints:
        """New code by old code."""
        codes = np.arange(self.old.size)
        mapped = np.zeros(self.old.size, np.int64)
        known = dict(self.old.dimensions)
        for name, labels in self.new.dimensions:
            stride, _ = self.new.radix_of(name)
            if name not in known:
                mapped += stride * _place_of(UNKNOWN, labels, name)
                continue
            old_stride, n_labels = self.old.radix_of(name)
            mapped += stride * self._places_of(name, known[name], labels)[codes // old_stride % n_labels]
        return mapped

    def _places_of(self, name: str, old: tuple[str, ...], new: tuple[str, ...]) -> Ints:
        if self.places is not None and name in self.places:
            return np.array(self.places[name], np.int64)
        return np.array([_place_of(label, new, name) for label in old], np.int64)


def _place_of(label: str, labels: tuple[str, ...], dimension: str) -> int:
    canonical = [canonical_label(known) for known in labels]
    for wanted in (canonical_label(label), OTHER):
        if wanted in canonical:
            return canonical.index(wanted)
    raise ValueError(f"{dimension!r} has no label for what was counted as {label!r}")
