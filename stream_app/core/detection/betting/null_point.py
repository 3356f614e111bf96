"""The pair of rates on a line of the null that fits expected counts best.

A rule about two rates has a line as its border: ``p_a = r p_b`` (ratio) or ``p_a = p_b + d`` (gap). The point
``(x, u)`` on that line, ``x`` for group a and ``u`` for group b, which maximizes

    n_a (theta_a log x + (1 - theta_a) log(1 - x)) + n_b (theta_b log u + (1 - theta_b) log(1 - u))

is the *restricted maximum likelihood estimate*. With ``theta`` the observed rates it is the heart of the score
intervals for ratio and difference; with ``theta`` the rates one bets on, it is the projection of the bet on the null,
and the likelihood ratio against it is an e-value for the complete null.

Both functions take floats or arrays, which are broadcast against each other, and return float64 of the broadcast
shape. ``n_a`` and ``n_b`` need not be integers, but both must be > 0; the point depends on ``n_a : n_b`` only. Cost:
about 20 (ratio) and 100 (gap) elementary operations for each element.

Source: Koopman 1984 (ratio); Miettinen and Nurminen 1985, appendix (difference).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from stream_app.core.arrays import Floats

POLISHING_STEPS = 2  # Newton steps that correct the rounding of cosine and arc cosine


def ratio_null_point(
    n_a: ArrayLike, theta_a: ArrayLike, n_b: ArrayLike, theta_b: ArrayLike, r: ArrayLike
) -> tuple[Floats, Floats]:
    """Return ``(x, u)`` on the line ``x = r u``.

    The smaller root of ``r N u^2 - B u + C = 0`` with ``N = n_a + n_b``, ``C = n_a theta_a + n_b theta_b`` and
    ``B = n_a (r + theta_a) + n_b (1 + r theta_b)``, in the form ``2C / (B + sqrt(D))`` that does not cancel. Nor does
    ``D = B^2 - 4 r N C``, written with ``m = n (1 - theta)``, the expected denials:
    ``D = ((r - 1) N + m_a - r m_b)^2 + 4 r m_a m_b``, which keeps its precision where nearly everybody is approved.

    Args:
        n_a: Decisions about group a, > 0.
        theta_a: Rate of group a, in [0, 1].
        n_b: Decisions about group b, > 0.
        theta_b: Rate of group b, in [0, 1].
        r: Ratio ``p_a / p_b`` on the line, > 0.

    Returns:
        ``x`` in [0, min(1, r)] and ``u`` in [0, min(1, 1/r)]; both 0 when both rates are 0.

    >>> x, u = ratio_null_point(50, 0.49, 50, 0.70, 0.8)
    >>> print(f"{x:.12f} {u:.12f}")
    0.534577966513 0.668222458142
    """
    n_a, theta_a, n_b, theta_b, r = _floats(n_a, theta_a, n_b, theta_b, r)
    favorable = n_a * theta_a + n_b * theta_b
    denied_a, denied_b = n_a * (1 - theta_a), n_b * (1 - theta_b)
    b = n_a * (r + theta_a) + n_b * (1 + r * theta_b)
    slant = (r - 1) * (n_a + n_b) + denied_a - r * denied_b
    u = 2 * favorable / (b + np.sqrt(slant * slant + 4 * r * denied_a * denied_b))
    u = np.minimum(u, np.minimum(1, 1 / r))
    return np.minimum(r * u, 1), u


def gap_null_point(
    n_a: ArrayLike, theta_a: ArrayLike, n_b: ArrayLike, theta_b: ArrayLike, d: ArrayLike
) -> tuple[Floats, Floats]:
    """Return ``(x, u)`` on the line ``x = u + d``; a group a that is worse off has ``d < 0``.

    The middle root of ``N u^3 + L2 u^2 + L1 u + L0 = 0`` in its trigonometric form, then two Newton steps.

    Args:
        n_a: Decisions about group a, > 0.
        theta_a: Rate of group a, in [0, 1].
        n_b: Decisions about group b, > 0.
        theta_b: Rate of group b, in [0, 1].
        d: Difference ``p_a - p_b`` on the line, in [-1, 1].

    Returns:
        ``x`` in [max(0, d), min(1, 1 + d)] and ``u`` in [max(0, -d), min(1, 1 - d)].

    >>> x, u = gap_null_point(50, 0.40, 50, 0.70, -0.2)
    >>> print(f"{x:.12f} {u:.12f}")
    0.452199976428 0.652199976428
    """
    n_a, theta_a, n_b, theta_b, d = _floats(n_a, theta_a, n_b, theta_b, d)
    n = n_a + n_b
    favorable_b = n_b * theta_b
    favorable = n_a * theta_a + favorable_b
    # Divided by the leading coefficient: u^3 + c2 u^2 + c1 u + c0 = 0.
    c2 = ((n_a + 2 * n_b) * d - n - favorable) / n
    c1 = ((n_b * d - n - 2 * favorable_b) * d + favorable) / n
    c0 = favorable_b * d * (1 - d) / n
    u = _middle_root(c2, c1, c0)
    for _ in range(POLISHING_STEPS):
        slope = (3 * u + 2 * c2) * u + c1
        x = u + d
        # The cubic as the score times its denominators: exact where its coefficients would cancel.
        excess = (n_a * (theta_a - x) * u * (1 - u) + n_b * (theta_b - u) * x * (1 - x)) / n
        # The slope is < 0 at the middle root and 0 only where roots meet: at a corner, which the limits below keep.
        u = u - np.divide(excess, slope, out=np.zeros_like(u), where=slope < 0)
        u = np.minimum(np.maximum(u, np.maximum(-d, 0)), np.minimum(1, 1 - d))
    return np.minimum(np.maximum(u + d, 0), 1), u


def _middle_root(c2: Floats, c1: Floats, c0: Floats) -> Floats:
    third = c2 / 3
    q = third * third * third - c1 * third / 2 + c0 / 2
    p = np.copysign(np.sqrt(np.maximum(third * third - c1 / 3, 0)), q)
    cube = p * p * p
    cosine = np.divide(q, cube, out=np.ones_like(q), where=cube != 0)
    angle = (np.pi + np.arccos(np.minimum(np.maximum(cosine, -1), 1))) / 3
    root: Floats = 2 * p * np.cos(angle) - third
    return root


def _floats(*values: ArrayLike) -> list[Floats]:
    return [np.asarray(value, dtype=np.float64) for value in values]
