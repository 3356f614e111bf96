"""An attacker: everything that left as one integer program, and which groups of fewer than k people it pins.

The unknowns are the people of each cell: the cross of all attributes in each piece of time between two moments at which
any release begins or ends. The attacker knows the rows that were shown, that no cell is negative, and how many
decisions each piece of time has in all (``fairstream_decisions_total`` counts them live).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.pipeline.records.results import CROSS

Labels = tuple[str, ...]
Piece = tuple[int, int]  # start and end


@dataclass(frozen=True)
class Sum:
    """People of one group in a range of time, as somebody saw it or asks about it."""

    start_s: int
    end_s: int
    attributes: tuple[str, ...]
    labels: frozenset[Labels]
    n: int


def seen_in(results: Iterable[DisclosedResult]) -> list[Sum]:
    """Return the numbers of people that some disclosed results show."""
    return [
        Sum(result.start_s, result.end_s, tuple(result.attribute.split(CROSS)), frozenset([group.labels]), group.n)
        for result in results
        for group in result.groups
        if group.n is not None
    ]


def without_computed(seen: Collection[Sum], count: Callable[[Sum], int]) -> list[Sum]:
    """Return what was seen without running totals that leave out windows: they say nothing beside the other windows.

    Args:
        seen: What was seen.
        count: Returns the people of a group in a range of time.

    Raises:
        AssertionError: a number is neither that of its range nor the sum of windows that were seen.
    """
    right = [each for each in seen if each.n == count(each)]
    for each in {*seen} - {*right}:
        windows = [
            other
            for other in right
            if (other.attributes, other.labels) == (each.attributes, each.labels)
            if each.start_s < other.end_s and other.start_s < each.end_s
        ]
        sums = {0}
        for window in windows:
            sums |= {n + window.n for n in sums}
        assert each.n in sums, each
    return right


@dataclass
class Attacker:
    """Collects sums of people and asks what follows from them.

    Args:
        groups: Groups of each attribute, undeclared values included.
        totals: Decisions in each second at which there are any.
    """

    groups: Mapping[str, Sequence[str]]
    totals: Mapping[int, int]
    sums: list[Sum] = field(default_factory=list)

    def see(self, sums: Iterable[Sum]) -> None:
        """Take in what left."""
        self.sums += sums

    def pinned(self, asked: Iterable[Sum], k: int) -> list[Sum]:
        """Return the sums of 1 to k-1 people that have one possible value."""
        asked = [each for each in asked if 0 < each.n < k]
        ends = {end for each in [*self.sums, *asked] for end in (each.start_s, each.end_s)}
        pieces = list(pairwise(sorted(ends)))
        cross = list(product(*self.groups.values()))
        rows = [self._row(each, pieces, cross) for each in self.sums]
        known = [each.n for each in self.sums]
        for number, (start_s, end_s) in enumerate(pieces):
            row = np.zeros((len(pieces), len(cross)))
            row[number] = 1
            rows.append(row.ravel())
            known.append(sum(n for second, n in self.totals.items() if start_s <= second < end_s))
        program = _Program(np.array(rows), np.array(known))
        return [each for each in asked if program.has_one_value(self._row(each, pieces, cross), each.n)]

    def _row(self, each: Sum, pieces: list[Piece], cross: list[Labels]) -> NDArray[np.float64]:
        places = [list(self.groups).index(name) for name in each.attributes]
        fits = [tuple(labels[place] for place in places) in each.labels for labels in cross]
        inside = [each.start_s <= start_s and end_s <= each.end_s for start_s, end_s in pieces]
        return np.outer(inside, fits).astype(np.float64).ravel()


class _Program:
    """The integer program of what is known; solutions are kept, because each of them clears many sets at once."""

    def __init__(self, rows: NDArray[np.float64], known: NDArray[np.float64]) -> None:
        rows, places = np.unique(rows, axis=0, return_index=True)
        self._system = LinearConstraint(csr_array(rows), known[places], known[places])
        self._width = rows.shape[1]
        self._solutions: list[NDArray[np.float64]] = []
        chance = np.random.default_rng(0)
        for _ in range(8):
            self._solve(np.asarray(chance.normal(size=self._width)))

    def has_one_value(self, row: NDArray[np.float64], n: int) -> bool:
        """Return whether a sum, which is ``n``, has no other possible value."""
        if any(round(float(row @ solution)) != n for solution in self._solutions):
            return False
        values = [round(float(row @ self._solve(costs))) for costs in (row, -row)]
        assert values[0] <= n <= values[1], "the system contradicts the truth"
        return bool(values[0] == values[1])

    def _solve(self, costs: NDArray[np.float64]) -> NDArray[np.float64]:
        solved = milp(
            costs,
            constraints=self._system,
            bounds=Bounds(0, np.inf),
            integrality=np.ones(self._width),
            options={"time_limit": 20},
        )
        if solved.x is None and solved.status == 3:  # no least value: any solution will do
            return self._solve(np.maximum(costs, 0))
        assert solved.x is not None, solved.message
        self._solutions.append(np.round(solved.x))
        return self._solutions[-1]
