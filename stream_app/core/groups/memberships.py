"""Sums of probabilities of membership from the cells of a pane or window, by stratum, outcome and group.

A record that is white with probability 0.7 and black with 0.2 adds 0.7 to the one sum and 0.2 to the other; nobody is
assigned to a group. A *stratum* is a combination of the other labels (attributes, segment, bin of the score). Sums are
whole numbers in fixed point, so they are exact and do not depend on the order of the records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Ints
from stream_app.core.groups.marginals import Layout

_OF_FEATURE = 3  # entries of a cell's vector for each feature: n, sum, sum of squares


class MembershipSums(NamedTuple):
    """What the records with probabilities add up to; the last axis but one is favorable, then all other outcomes.

    Attributes:
        strata: Code of each stratum, rising, int64, shape (s,).
        n: Records with probabilities, int64, shape (s, 2).
        sums: Sums of probabilities in fixed point, int64, shape (s, 2, groups).
        squares: Sums of their squares, in the square of that fixed point, likewise.
    """

    strata: Ints
    n: Ints
    sums: Ints
    squares: Ints


class MembershipCounter:
    """Adds up the probabilities of one proxy.

    Args:
        layout: Layout of the cells.
        place: Place of the first group among the features of a cell's vector; the others follow.
        n_groups: Number of groups, >= 1.
        favorable: The label that counts as favorable.
        dimension: Name of the dimension of that label.

    Raises:
        ValueError: the layout lacks the dimension or the label.

    >>> from stream_app.core.windows.cells import CellLayout
    >>> layout = CellLayout((("product", ("home", "car")), ("decision", ("yes", "no"))), 2)
    >>> counter = MembershipCounter(layout, 0, 2, favorable="yes")
    >>> sums = counter.count({0: [3, 2, 150, 12_500, 2, 40, 1_000], 3: [1, 1, 90, 8_100, 1, 5, 25]})
    >>> sums.strata.tolist(), sums.n.tolist(), sums.sums.tolist()
    ([0, 2], [[2, 0], [0, 1]], [[[150, 40], [0, 0]], [[0, 0], [90, 5]]])
    """

    def __init__(
        self, layout: Layout, place: int, n_groups: int, *, favorable: str, dimension: str = "decision"
    ) -> None:
        names = [name for name, _ in layout.dimensions]
        if dimension not in names:
            raise ValueError(f"{dimension!r} is not one of {', '.join(names)}")
        at = names.index(dimension)
        labels = layout.dimensions[at][1]
        if favorable not in labels:
            raise ValueError(f"{favorable!r} is not one of {', '.join(labels)}")
        self._stride = 1
        for _, others in layout.dimensions[at + 1 :]:
            self._stride *= len(others)
        self._n_labels, self._favorable = len(labels), labels.index(favorable)
        self._n_groups = n_groups
        self._entries = slice(1 + _OF_FEATURE * place, 1 + _OF_FEATURE * (place + n_groups))

    def count(self, cells: Mapping[int, Sequence[int]]) -> MembershipSums:
        """Add up the probabilities in some cells.

        Args:
            cells: Vectors by code; missing cells are empty.
        """
        codes = np.fromiter(cells, np.int64, len(cells))
        entries = np.array([vector[self._entries] for vector in cells.values()], np.int64)
        entries = entries.reshape(len(codes), self._n_groups, _OF_FEATURE)
        label = codes // self._stride % self._n_labels
        strata, stratum = np.unique(codes - label * self._stride, return_inverse=True)
        table = np.zeros((len(strata), 2, self._n_groups, _OF_FEATURE), np.int64)
        np.add.at(table, (stratum, (label != self._favorable).astype(np.intp)), entries)
        return MembershipSums(strata, table[:, :, 0, 0], table[..., 1], table[..., 2])


def pair_sums(sums: MembershipSums, pairs: Sequence[tuple[int, int]], stratum_of: Ints, n_strata: int) -> Ints:
    """Return what a test of pairs of groups needs, in coarser strata.

    Args:
        sums: Sums of the records.
        pairs: Number of the group and of its reference, by pair.
        stratum_of: Coarser stratum of each stratum, 0 to n_strata - 1, shape (s,).
        n_strata: Number of the coarser strata.

    Returns:
        int64, shape (pairs, n_strata, 8): sums of favorable and of all records of the group and of its reference, then
        sums of squares: favorable and other records of the group, then of its reference.
    """
    n_groups = sums.sums.shape[-1]
    table = np.zeros((n_strata, n_groups, 4), np.int64)
    own = (sums.sums[:, 0], sums.sums.sum(axis=1), sums.squares[:, 0], sums.squares[:, 1])
    np.add.at(table, stratum_of, np.stack(own, axis=-1))
    group, reference = (table[:, [pair[side] for pair in pairs]].swapaxes(0, 1) for side in (0, 1))
    by_pair: Ints = np.concatenate([group[..., :2], reference[..., :2], group[..., 2:], reference[..., 2:]], axis=-1)
    return by_pair
