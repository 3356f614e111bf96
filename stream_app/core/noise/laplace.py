"""Discrete Laplace noise, exact: integers and fair choices only, so no rounding of floats reveals the count.

    P(Z = z) = (e^(1/b) - 1) / (e^(1/b) + 1) * e^(-|z| / b),   b = sensitivity / epsilon, a fraction

Source: Canonne, Kamath, Steinke 2020, The Discrete Gaussian for Differential Privacy, Algorithms 1 and 2 (the sampler)
and Theorem 23; the attack on floats: Mironov 2012.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

Uniform = Callable[[int], int]  # returns an integer in [0, n), each equally likely


def draw_laplace(scale: Fraction, uniform: Uniform) -> int:
    """Draw discrete Laplace noise.

    Args:
        scale: ``b`` above, greater than 0: the sensitivity divided by epsilon.
        uniform: Source of uniform integers.

    Returns:
        An integer; mean 0, variance about ``2 b^2``.

    Raises:
        ValueError: the scale is not positive.

    >>> import random
    >>> source = random.Random(7)
    >>> [draw_laplace(Fraction(4), source.randrange) for _ in range(8)]
    [0, 3, 0, -6, -4, -5, -1, -7]
    """
    if scale <= 0:
        raise ValueError("The scale of noise must be greater than 0")
    t, s = scale.numerator, scale.denominator
    while True:
        u = uniform(t)
        if not _is_exp(u, t, uniform):
            continue
        v = 0
        while _is_exp(1, 1, uniform):
            v += 1
        magnitude = (u + t * v) // s
        is_negative = uniform(2) == 1
        if magnitude or not is_negative:  # zero has one sign
            return -magnitude if is_negative else magnitude


def _is_exp(numerator: int, denominator: int, uniform: Uniform) -> bool:
    """Return True with probability ``exp(-numerator / denominator)``, for a fraction in [0, 1] (Algorithm 1)."""
    k = 1
    while uniform(denominator * k) < numerator:
        k += 1
    return k % 2 == 1
