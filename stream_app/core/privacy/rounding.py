"""Rounded counts and rates, for where exact ones could be subtracted from others.

A count is rounded down to 1, 2 or 5 times a power of ten, and a rate to steps each of which is at least k people wide:
so a rate leaves open which of k numbers of people it is made of.
"""

from __future__ import annotations

_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)  # of a rate


def round_down(n: int) -> int:
    """Return the greatest of 0, 1, 2, 5, 10, 20, 50, ... that is not above a count.

    >>> [round_down(n) for n in (0, 7, 19, 448, 1000)]
    [0, 5, 10, 200, 1000]
    """
    if n <= 0:
        return 0
    power = int("1" + "0" * (len(str(n)) - 1))
    return next(factor * power for factor in (5, 2, 1) if factor * power <= n)


def rate_step(n: int, k: int) -> float | None:
    """Return the smallest step of a rate that is at least ``k`` of ``n`` people wide; None where there is none.

    >>> rate_step(2000, 10), rate_step(120, 10), rate_step(40, 10)
    (0.01, 0.1, None)
    """
    return next((step for step in _STEPS if round(step * n, 9) >= k), None)


def round_to(value: float, step: float) -> float:
    """Return the multiple of a step that is nearest to a value.

    >>> round_to(0.3333, 0.05), round_to(-0.121, 0.02)
    (0.35, -0.12)
    """
    return round(round(value / step) * step, 9)
