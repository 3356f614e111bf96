"""Evidence that a mean of values in [0, 1] is above or below a rate, valid however often one looks.

For a bet ``l`` and outcomes with favorable count ``k`` of ``n``, ``exp(l k - n log(1 + p (e^l - 1)))`` has mean <= 1
whenever the running mean rate is <= p, also when the rates of single decisions differ (Jensen). A mean over a
ladder of bets keeps that, and one rung is always near the best one.

Source: Howard, Ramdas, McAuliffe and Sekhon 2020, "Time-uniform Chernoff bounds", sub-Bernoulli case; mixtures
as in Howard, Ramdas, McAuliffe and Sekhon 2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences".
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from stream_app.core.arrays import Floats

BETS = 8.0 * 2.0 ** -np.arange(14.0)  # shape (14,): from strong bets for few decisions to weak ones for millions
GROWTH = np.expm1(BETS)  # e^l - 1


def above(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> Floats:
    """Return the log evidence that the rate is above ``p``.

    ``log mean_j exp(l_j k - n log(1 + p (e^{l_j} - 1)))``. If the rate never exceeds ``p``, the chance that this ever
    reaches ``log(1/alpha)`` is at most ``alpha``.

    Args:
        k: Favorable decisions, 0 to n; a sum of values in [0, 1] suffices.
        n: Decisions, >= 0.
        p: Rate that is tested, in [0, 1].

    Returns:
        Log evidence of the broadcast shape, always finite; 0 for n = 0.

    >>> print(f"{above(30, 50, 0.4):.6f} {above(300, 500, 0.55):.6f} {above(0, 0, 0.5):.6f}")
    1.952792 0.817820 0.000000
    """
    k, n, p = (np.asarray(value, dtype=np.float64) for value in (k, n, p))
    shape = (-1,) + (1,) * max(k.ndim, n.ndim, p.ndim)
    bets, growth = BETS.reshape(shape), GROWTH.reshape(shape)
    log_bets = bets * k - n * np.log1p(growth * p)
    best = log_bets.max(axis=0)
    evidence: Floats = best + np.log(np.exp(log_bets - best).sum(axis=0)) - math.log(len(BETS))
    return evidence


def below(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> Floats:
    """Return the log evidence that the rate is below ``p``: ``above(n - k, n, 1 - p)``.

    >>> print(f"{below(10, 100, 0.2):.6f} {below(30, 50, 0.4):.6f}")
    1.712568 -0.801546
    """
    return above(np.subtract(n, k), n, np.subtract(1, p))
