"""Which patterns of queries suggest that somebody is copying a model.

Everything is counted over different queries, so repeating old ones dilutes nothing:

- *volume*: as many different queries as one user is expected to need;
- *near boundary*: queries whose probability is within 0.05 of the cut. Real applications are there in about one of ten
  cases; searches for the boundary of the decision mostly are;
- *grid*: queries on lines, that is among four or more that differ in one number only. Real applicants vary the amount
  of a loan a few times, and otherwise differ in everything; grids, sweeps and bisections are made of lines;
- *unusual*: queries outside the range in which nearly all real applications are; random ones mostly are.

An attack of fewer than 200 queries, or one that imitates real applications, shows none of these.

Source: Tramer et al. 2016, "Stealing Machine Learning Models via Prediction APIs"; Juuti et al. 2019, "PRADA".
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from stream_app.web_app.api.scoring.model import CUT, Application, is_usual, probability

MIN_QUERIES = 200
NEAR = 0.05
_LINE = 4
_SHARES = {"near_boundary": 0.3, "grid": 0.5, "unusual": 0.5}


class Signal(enum.StrEnum):
    """What suggests an extraction."""

    VOLUME = "volume"
    NEAR_BOUNDARY = "near_boundary"
    GRID = "grid"
    UNUSUAL = "unusual"


class Pattern(NamedTuple):
    """What is known of the queries of one user.

    Attributes:
        n_different: Different queries.
        shares: Of these, the share that is near the boundary, on a grid, unusual; in [0, 1].
    """

    n_different: int
    shares: dict[Signal, float]

    def signals(self, max_different: int) -> frozenset[Signal]:
        """Return what suggests an extraction.

        Args:
            max_different: Different queries that one user is expected to need.
        """
        found = {Signal.VOLUME} if self.n_different >= max_different else set()
        if self.n_different >= MIN_QUERIES:
            found |= {signal for signal, share in self.shares.items() if share >= _SHARES[signal]}
        return frozenset(found)


def pattern_of(different: Collection[Application]) -> Pattern:
    """Return the pattern of different queries; about 5 microseconds for each.

    >>> grid = [Application(300 + 10 * i, 1000.0 * j, 5000.0, "auto") for i in range(5) for j in range(5)]
    >>> pattern_of(grid).shares[Signal.GRID]
    1.0
    """
    lines = Counter(line for query in different for line in _lines(query))
    n = max(len(different), 1)
    near = sum(abs(probability(query) - CUT) <= NEAR for query in different)
    on_line = sum(any(lines[line] >= _LINE for line in _lines(query)) for query in different)
    unusual = sum(not is_usual(query) for query in different)
    shares = {Signal.NEAR_BOUNDARY: near / n, Signal.GRID: on_line / n, Signal.UNUSUAL: unusual / n}
    return Pattern(len(different), shares)


def _lines(query: Application) -> Iterator[tuple[Any, ...]]:
    """Yield the lines through a query along each of its numbers: what is equal on them."""
    yield "credit_score", query.income, query.loan_amount, query.product
    yield "income", query.credit_score, query.loan_amount, query.product
    yield "loan_amount", query.credit_score, query.income, query.product
