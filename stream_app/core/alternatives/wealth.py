"""Evidence that a mean payoff is above zero, from how often each payoff occurred.

A bet ``l`` in [0, 1) on payoffs ``x >= -1`` has the wealth ``prod (1 + l x) = prod_c (1 + l x_c)^n_c``. If all mean
payoffs are at most zero, or only their mean is (Jensen), its expectation is at most 1: it is an e-value, and needs only
counts. A mean over a ladder of bets keeps that; one rung is near the best one. The bet 0 keeps the evidence above
``-log(13)``. Bets are fixed: none depends on the counts that it is about.

Hypotheses with an unknown share ``s`` have payoffs that depend on ``s``, and their evidence is the least over all
``s``. Where payoffs are affine in ``s``, the log of the wealth of one bet is concave in ``s``, so between two values of
``s`` it is at least the lesser one of both ends. With that, a minimum over a grid is a lower bound of the minimum over
all ``s``, whatever the grid: a coarse grid costs evidence and never validity.

Source: Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting", JRSS B 86 (bets).
"""

from __future__ import annotations

import numpy as np

from stream_app.core.arrays import Floats

BETS = np.append(0.95 * 2.0 ** -np.arange(12.0), 0.0)


def log_evidence(counts: Floats, payoffs: Floats) -> Floats:
    """Return the log evidence that the mean payoff is above zero.

    Args:
        counts: How often each payoff occurred, shape (..., payoffs).
        payoffs: >= -1, of a shape that broadcasts with that of the counts.

    Returns:
        Log evidence, at least ``-log(13)``, of the broadcast shape without its last axis.

    >>> heads = np.array([70.0, 30.0])
    >>> print(f"{log_evidence(heads, np.array([1.0, -1.0])):.3f} {log_evidence(heads, np.array([-1.0, 1.0])):.3f}")
    5.622 -0.709
    """
    return _log_mean_over_bets(_log_wealth(counts, payoffs))


def log_evidence_between(counts: Floats, low: Floats, high: Floats) -> Floats:
    """Return a lower bound of ``log_evidence`` over all payoffs on the line between two.

    Args:
        counts: How often each payoff occurred, shape (..., payoffs).
        low: The payoffs at one end, >= -1, of a shape that broadcasts with that of the counts.
        high: The payoffs at the other end, likewise.

    >>> heads, stakes = np.array([70.0, 30.0]), np.array([1.0, -1.0])
    >>> print(f"{log_evidence_between(heads, stakes, 0.5 * stakes):.3f}")
    4.304
    """
    return _log_mean_over_bets(np.minimum(_log_wealth(counts, low), _log_wealth(counts, high)))


def log_mean(*logs: Floats) -> Floats:
    """Return the log of the mean of several e-values, which is one for the hypothesis that they share."""
    stacked = np.stack(np.broadcast_arrays(*logs))
    best = stacked.max(axis=0)
    mean: Floats = best + np.log(np.exp(stacked - best).mean(axis=0))
    return mean


def _log_wealth(counts: Floats, payoffs: Floats) -> Floats:
    """Return the log wealth of each bet, shape (..., bets); summed payoff by payoff, to stay small in memory."""
    total = np.zeros(())
    for payoff in range(payoffs.shape[-1]):
        gain = np.log1p(BETS * payoffs[..., payoff, np.newaxis])
        total = total + counts[..., payoff, np.newaxis] * gain
    return total


def _log_mean_over_bets(logs: Floats) -> Floats:
    best = logs.max(axis=-1)
    mean: Floats = best + np.log(np.exp(logs - best[..., np.newaxis]).mean(axis=-1))
    return mean
