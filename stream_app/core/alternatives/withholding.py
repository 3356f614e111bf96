"""Which cuts may be shown for a group: two that are shown decide differently about nobody or about k people at least.

Rates at neighboring cuts can be subtracted, and the difference is the number of people of a group whose scores are
between the two. So cuts are withheld until every such number is 0 or at least k.
"""

from __future__ import annotations

import numpy as np

from stream_app.core.arrays import Bools, Ints


def shown_cuts(people: Ints, k: int) -> Bools:
    """Return which cuts may be shown beside each other and beside the number of all people of the group.

    Args:
        people: People by the number of cuts that their score reaches, shape (n_cuts + 1,).
        k: Fewest people of a difference; 0 shows every cut.

    Returns:
        Whether each cut is shown, shape (n_cuts,).

    >>> shown_cuts(np.array([40, 3, 9, 0, 30, 2]), 10).tolist()
    [True, False, True, True, False]
    """
    shown = np.zeros(len(people) - 1, np.bool_)
    between = 0
    for cut in range(len(shown)):
        between += int(people[cut])
        if between == 0 or between >= k:
            shown[cut] = True
            between = 0
    above = between + int(people[-1])
    for cut in reversed(range(len(shown))):
        if above == 0 or above >= k:
            break
        if shown[cut]:
            shown[cut] = False
            above += _between(people, shown, cut)
    return shown


def shown_rules(rules: Ints, shown: Bools) -> Bools:
    """Return which rules may be shown for a group: those of which every cut may.

    Args:
        rules: Place of the cut of each segment, or ``AS_DECIDED``, shape (rules, segments).
        shown: Cuts that may be shown, shape (segments, n_cuts).

    >>> shown_rules(np.array([[0, 0], [1, -1]]), np.array([[True, False], [True, True]])).tolist()
    [True, False]
    """
    padded = np.concatenate([shown, np.ones((len(shown), 1), np.bool_)], axis=1)  # the logged decisions
    is_shown: Bools = np.all(padded[np.arange(len(shown)), rules], axis=1)
    return is_shown


def _between(people: Ints, shown: Bools, cut: int) -> int:
    """Return the people from the shown cut before (or from all) up to a cut."""
    before = np.flatnonzero(shown[:cut])
    first = int(before[-1]) + 1 if len(before) else 0
    return int(people[first : cut + 1].sum())
