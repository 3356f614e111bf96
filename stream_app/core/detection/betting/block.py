"""The e-value of one block of decisions: how much better a bet explains it than the rule does."""

from __future__ import annotations

import numpy as np

from stream_app.core.arrays import Bools, Floats
from stream_app.core.detection.betting.alternatives import null_point, place_bets
from stream_app.core.detection.rules import RuleKind


def log_e_value(block: Floats, theta_a: Floats, theta_b: Floats, x: Floats, u: Floats) -> Floats:
    """Return the log likelihood ratio of the rates ``theta`` against the null point ``(x, u)``.

    ``k_a log(theta_a/x) + (n_a - k_a) log((1 - theta_a)/(1 - x))`` and the same for b. With ``(x, u)`` the projection
    of ``theta`` on the null, its exponential ``e`` has mean <= 1 whenever the *means* of all chances in the block keep
    the rule, however they differ from decision to decision and whatever earlier outcomes they depend on.

    Proof. Given what came before, a decision about a with chance ``p`` of a favorable outcome multiplies ``e`` by a
    factor of mean ``f_a(p) = p theta_a/x + (1 - p) (1 - theta_a)/(1 - x)``, one about b by ``f_b(p)`` with ``theta_b``
    and ``u``. So ``e / prod f(p)`` has mean 1, and it remains that ``prod f(p) <= 1`` whatever the outcomes are.
    (1) ``f_a`` and ``f_b`` are linear and > 0, so by the inequality of arithmetic and geometric means ``prod f_a(p)
    <= f_a(mean of p)^n_a``, likewise for b. (2) ``n_a log f_a(p_a) + n_b log f_b(p_b)`` is concave in ``(p_a, p_b)``;
    at ``(x, u)`` it is 0 and has the gradient of the log likelihood that ``(x, u)`` maximizes on the null, so no
    direction from there into the null, which is convex, rises. Hence it is <= 0 where the means keep the rule.
    Needed: sizes ``n_a``, ``n_b`` and bet are fixed before the first outcome of the block.

    Args:
        block: ``k_a, n_a, k_b, n_b``, shape (4, m); need not be integers.
        theta_a: Rate of a that is bet on, in (0, 1), shape (..., m).
        theta_b: Rate of b that is bet on, in (0, 1), shape (..., m).
        x: Rate of a on the line of the rule, in (0, 1).
        u: Rate of b on the line of the rule, in (0, 1).

    Returns:
        Log e-value of the broadcast shape; finite, also for k = 0 and k = n; 0 for an empty block.

    Source: Turner, Ly and Grünwald 2024, "Generic e-variables for exact sequential k-sample tests that allow for
    optional stopping".

    >>> log_e = log_e_value(np.array([[20.0], [50], [35], [50]]), 0.4, 0.7, 0.452199976428, 0.652199976428)
    >>> f"{log_e[0]:.6f}"
    '0.535222'
    """
    k_a, n_a, k_b, n_b = block
    log_e: Floats = (
        k_a * np.log(theta_a / x)
        + (n_a - k_a) * np.log((1 - theta_a) / (1 - x))
        + k_b * np.log(theta_b / u)
        + (n_b - k_b) * np.log((1 - theta_b) / (1 - u))
    )
    return log_e


def block_evidence(
    kind: RuleKind, limits: Floats, is_recovery: Bools, rates: Floats, block: Floats
) -> tuple[Floats, Bools]:
    """Return the log e-value of each alternative for blocks of one kind of rule, and where it is a bet.

    Args:
        kind: Kind of rule of all blocks.
        limits: Limit of the rule of each block, shape (m,).
        is_recovery: Whether to bet on the rule being kept again, shape (m,).
        rates: Usual rates ``q_a``, ``q_b`` from earlier blocks, in (0, 1), shape (2, m).
        block: ``k_a, n_a, k_b, n_b``, shape (4, m), both groups > 0.

    Returns:
        Log e-values, 0 where there is no bet, and "is a bet", both of shape (5, m).
    """
    n = block[1::2]
    theta_a, is_bet = place_bets(kind, limits, is_recovery, rates, n)
    x, u = null_point(kind, limits, theta_a, rates[1], n)
    log_e = log_e_value(block, theta_a, rates[1], x, u)
    return np.where(is_bet, log_e, 0.0), is_bet
