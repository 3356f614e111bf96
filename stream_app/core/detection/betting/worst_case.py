"""The e-value of a block whatever the unknown groups are: the lowest one over every allocation of their decisions."""

from __future__ import annotations

import numpy as np

from stream_app.core.arrays import Bools, Floats
from stream_app.core.detection.betting.alternatives import null_point, place_bets
from stream_app.core.detection.betting.block import log_e_value
from stream_app.core.detection.rules import RuleKind

_LEAST_N = 1e-6  # decisions of an empty group: a null point needs a size > 0
_LEAST_RATE = 1e-12  # of a null point; a rate nearer to 0 or 1 would only raise the evidence


def worst_case_evidence(
    kind: RuleKind, limits: Floats, is_recovery: Bools, rates: Floats, block: Floats, candidates: Floats
) -> tuple[Floats, Bools]:
    """Return a lower bound of the log e-value of blocks over every allocation of their candidates.

    The true block consists of the known decisions and of those candidates that are in truth about a or b. Its e-value
    is that of ``block.block_evidence`` at sizes ``n_a*``, ``n_b*`` that nobody knows, and so is its null point
    ``(x, u)``. What is returned is never above it, so its exponential has mean <= 1 too where the rule is kept,
    whatever decides whose group is unknown, be it the outcome itself:

    1. *Bets.* ``theta_a`` and ``theta_b`` come from earlier blocks alone. The alternatives of the gap rule weigh both
       usual rates equally here, as the sizes of the known part of this block may depend on its outcomes.
    2. *Null points.* As the share of a in the block grows, its projection moves along the line of the rule, ``x``
       towards ``theta_a`` and ``u`` away from ``theta_b``. So the true one is between those at the extreme sizes: all
       candidates in a, and all in b.
    3. *Allocation.* At any ``(x, u)`` there, ``log e`` is a sum over decisions. For an alarm ``theta_a <= x`` and
       ``theta_b >= u``, so a decision of a lowers it if it is favorable and raises it if not, one of b the reverse.
       The lowest sum has the favorable candidates of a in a and the unfavorable ones of b in b, and nobody else; no
       candidate is needed in both. For a recovery both signs turn round: the unfavorable ones in a, the favorable in b.
    4. *Minimum.* For these counts ``log e`` is a constant minus a log likelihood, which is concave along the line, and
       greatest at the null point of the counts themselves. So ``log e`` is lowest there, or at the nearest of the two
       points of (2).

    Where a group has no known decision, the true block may lack it; then it says nothing, and its log e-value is 0. The
    result is the lower of the two, so such a block can lower the evidence and cannot raise it.

    Args:
        kind: Kind of rule of all blocks.
        limits: Limit of the rule of each block, shape (m,).
        is_recovery: Whether to bet on the rule being kept again, shape (m,).
        rates: Usual rates ``q_a``, ``q_b`` from earlier blocks, in (0, 1), shape (2, m).
        block: Known ``k_a, n_a, k_b, n_b``, shape (4, m).
        candidates: The same of the candidates, shape (4, m); many are candidates of both. Each group has a known
            decision or a candidate.

    Returns:
        Log e-values, 0 where there is no bet, and "is a bet", both of shape (5, m).

    Source: Manski 1989, "Anatomy of the selection problem" (every allocation); ``block.log_e_value`` has the proof for
    the true block.

    >>> def evidence(*candidates):
    ...     rates, block = np.array([[0.7], [0.7]]), np.array([[20.0], [50], [35], [50]])
    ...     few = np.array([candidates], np.float64).T
    ...     log_e, _ = worst_case_evidence(RuleKind.RATIO, np.array([0.8]), np.array([False]), rates, block, few)
    ...     return log_e[:, 0].round(3).tolist()
    >>> evidence(0, 0, 0, 0)
    [0.644, 1.118, 1.601, 0.556, -15.198]
    >>> evidence(2, 5, 2, 5)
    [0.381, 0.602, 0.6, -1.643, -21.104]
    """
    theta_a, is_bet = place_bets(kind, limits, is_recovery, rates, np.ones(rates.shape))
    theta_b = rates[1]
    size_a, size_b = block[1::2]
    more_a, more_b = candidates[1::2]
    ends = [
        null_point(kind, limits, theta_a, theta_b, np.maximum(np.stack(sizes), _LEAST_N))[1]
        for sizes in ((size_a + more_a, size_b), (size_a, size_b + more_b))
    ]
    lowest = _lowest_block(block, candidates, is_recovery)
    n = np.maximum(lowest[1::2], _LEAST_N)
    k = lowest[0::2]
    u = null_point(kind, limits, k[0] / n[0], k[1] / n[1], n)[1]
    u = np.minimum(np.maximum(u, np.minimum(*ends)), np.maximum(*ends))
    x, u = (_inside(rate) for rate in (limits * u if kind is RuleKind.RATIO else u - limits, u))
    log_e = np.where(is_bet, log_e_value(lowest, theta_a, theta_b, x, u), 0.0)
    return np.where((size_a > 0) & (size_b > 0), log_e, np.minimum(log_e, 0.0)), is_bet


def _inside(rate: Floats) -> Floats:
    return np.minimum(np.maximum(rate, _LEAST_RATE), 1 - _LEAST_RATE)


def _lowest_block(block: Floats, candidates: Floats, is_recovery: Bools) -> Floats:
    """Return the counts with the candidates that lower the evidence."""
    favorable, all_of_them = candidates[0::2], candidates[1::2]
    takes_favorable = np.stack([~is_recovery, is_recovery])
    joining = np.where(takes_favorable, favorable, all_of_them - favorable)
    lowest = block.copy()
    lowest[0::2] += np.where(takes_favorable, joining, 0.0)
    lowest[1::2] += joining
    return lowest
