"""A count of people that is published all the time, and must not say which of them came last.

Somebody who reads a counter often sees it move by one, and knows who came in between. A count of k people at once hides
each of them only if the moment says nothing either: so it is looked at after a fixed number of events of any kind, and
what waits is published if it is k or more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

_BLOCK = 10  # events for each of the k people


class BlockCounter:
    """Publishes counts of people in blocks.

    Args:
        k: Fewest people in a block.

    >>> counter = BlockCounter(5)
    >>> counter.add(49, {"race": 7}), counter.add(1, {"race": 1}), counter.add(50, {"race": 4})
    ({}, {'race': 8}, {})
    """

    def __init__(self, k: int) -> None:
        self._k, self._n_events = k, 0
        self._waiting: Counter[str] = Counter()

    def add(self, n_events: int, counts: Mapping[str, int]) -> dict[str, int]:
        """Take in counts; return what is published now.

        Args:
            n_events: Events of any kind.
            counts: Those of them that are counted, by name.
        """
        self._n_events += n_events
        self._waiting.update(counts)
        if self._n_events < _BLOCK * self._k:
            return {}
        self._n_events = 0
        return {name: self._waiting.pop(name) for name, n in list(self._waiting.items()) if n >= self._k}
