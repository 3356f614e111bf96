"""What an alternative decides by: a cut of a score, one for all decisions or one for each segment."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from stream_app.core.arrays import Floats, Ints

AS_DECIDED = -1  # in place of a cut: the logged decisions of the segment stand


def one_cut(n_cuts: int, n_segments: int) -> Ints:
    """Return a rule for each cut, the same in every segment: places of cuts, shape (n_cuts, n_segments).

    >>> one_cut(2, 3).tolist()
    [[0, 0, 0], [1, 1, 1]]
    """
    return np.repeat(np.arange(n_cuts, dtype=np.int64)[:, np.newaxis], n_segments, axis=1)


def cuts_by_segment(n_cuts: int, n_segments: int, max_rules: int) -> tuple[Ints, bool]:
    """Return rules with cuts by segment, and whether they are every combination.

    Every combination of cuts, where there are at most ``max_rules``. If not, one segment at a time: a cut there, and
    the logged decisions elsewhere.

    Args:
        n_cuts: Number of cuts, >= 1.
        n_segments: Number of segments, >= 1.
        max_rules: Most rules.

    Returns:
        Places of cuts, or ``AS_DECIDED``, shape (rules, n_segments); the first segment changes slowest.

    >>> rules, is_complete = cuts_by_segment(2, 2, 4)
    >>> rules.tolist(), is_complete
    ([[0, 0], [0, 1], [1, 0], [1, 1]], True)
    >>> cuts_by_segment(2, 2, 3)[0].tolist()
    [[0, -1], [1, -1], [-1, 0], [-1, 1]]
    """
    if n_cuts**n_segments <= max_rules:
        return np.array(list(product(range(n_cuts), repeat=n_segments)), np.int64), True
    rules = np.full((n_segments, n_cuts, n_segments), AS_DECIDED, np.int64)
    for segment in range(n_segments):
        rules[segment, :, segment] = np.arange(n_cuts)
    return rules.reshape(-1, n_segments), False


def decide(rule: Sequence[float | None], scores: Floats, segments: Ints, is_favorable: Ints) -> Ints:
    """Return the decisions of one rule: 1 where the score reaches the cut of its segment, else 0.

    The logged decision stands where a segment has no cut, or a decision no score. This is the definition; the search
    counts it with ``tables`` for all rules at once.

    Args:
        rule: Cut of each segment; None where the logged decisions stand.
        scores: Score of each decision, NaN for none, shape (n,).
        segments: Number of its segment, shape (n,).
        is_favorable: Its logged decision, 0 or 1, shape (n,).

    >>> decide([0.5, None], np.array([0.5, 0.4, 0.4, np.nan]), np.array([0, 0, 1, 0]), np.array([0, 1, 1, 1])).tolist()
    [1, 0, 1, 1]
    """
    cuts = np.array([np.nan if cut is None else cut for cut in rule], np.float64)[segments]
    decided: Ints = np.where(np.isnan(cuts) | np.isnan(scores), is_favorable, scores >= cuts).astype(np.int64)
    return decided
