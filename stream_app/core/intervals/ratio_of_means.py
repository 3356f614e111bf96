"""The confidence interval of a ratio of two means, after Fieller, and the quantiles of t that it needs.

For independent means ``a`` and ``b`` with variances ``va`` and ``vb`` the interval has every ratio ``r >= 0`` that a t
test does not rule out::

    (a - r b)^2 <= t^2 (va + r^2 vb)

Where ``b`` itself may be 0 by that test, the interval has no upper end: data so thin rule out no large ratio. A normal
or delta-method interval would show a finite end there, and be wrong.

Source: Fieller 1954, "Some problems in interval estimation", J. R. Stat. Soc. B 16(2), 175-185.
"""

from __future__ import annotations

import math
from typing import NamedTuple

CONFIDENCE = 0.95
_HALVINGS = 200  # of the bracket of a quantile; 60 are enough for every bit


class Estimate(NamedTuple):
    """A mean and how well it is known.

    Attributes:
        value: >= 0.
        variance: Of the mean, >= 0.
        n: Number of units that it is from, >= 2.
    """

    value: float
    variance: float
    n: int


class RatioInterval(NamedTuple):
    """An interval of a ratio.

    Attributes:
        lower: >= 0.
        upper: None where no large ratio is ruled out.
    """

    lower: float
    upper: float | None


def fieller_interval(numerator: Estimate, denominator: Estimate, confidence: float = CONFIDENCE) -> RatioInterval:
    """Return the interval of ``numerator / denominator``.

    The degrees of freedom are those of the smaller side, ``min(n) - 1``: the cautious choice for two independent
    samples, which is never too narrow for normal values.

    Args:
        numerator: With n >= 2.
        denominator: Likewise.
        confidence: In (0, 1).

    >>> fieller_interval(Estimate(6.0, 0.04, 30), Estimate(2.0, 0.01, 30))
    RatioInterval(lower=2.659698208283665, upper=3.403709334772865)
    >>> fieller_interval(Estimate(6.0, 0.04, 2), Estimate(2.0, 0.04, 2))
    RatioInterval(lower=1.1057111001338915, upper=None)
    """
    t = t_quantile(1 - (1 - confidence) / 2, min(numerator.n, denominator.n) - 1)
    # a r^2 - 2 b r + c <= 0
    a = denominator.value**2 - t * t * denominator.variance
    b = numerator.value * denominator.value
    c = numerator.value**2 - t * t * numerator.variance
    half = math.sqrt(max(0.0, b * b - a * c))
    if a > 0:
        return RatioInterval(max(0.0, c / (b + half)) if b + half else 0.0, (b + half) / a)
    return RatioInterval(max(0.0, c / (b + half)) if b + half else 0.0, None)


def t_quantile(probability: float, df: int) -> float:
    """Return the quantile of Student's t distribution.

    Args:
        probability: In (0.5, 1).
        df: Degrees of freedom, >= 1.

    Raises:
        ValueError: an argument is out of its range.

    Source: the distribution function is the finite series 26.7.3 and 26.7.4 of Abramowitz and Stegun 1964.

    >>> [round(t_quantile(0.975, df), 4) for df in (1, 2, 10, 1000)]
    [12.7062, 4.3027, 2.2281, 1.9623]
    """
    if not 0.5 < probability < 1 or df < 1:  # noqa: PLR2004 - the median
        raise ValueError("expected a probability in (0.5, 1) and df >= 1")
    low, high = 0.0, math.pi / 2  # of the angle atan(t / sqrt(df))
    inside = 2 * probability - 1
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if _inside(middle, df) < inside else (low, middle)
    return math.sqrt(df) * math.tan(high)


def _inside(angle: float, df: int) -> float:
    """Return the chance that ``|t|`` is below ``sqrt(df) tan(angle)``."""
    sine, cosine = math.sin(angle), math.cos(angle)
    if df == 1:
        return 2 * angle / math.pi
    is_odd = df % 2
    term = cosine if is_odd else 1.0
    total = term
    for step in range(3 if is_odd else 2, df - 1, 2):
        term *= cosine * cosine * (step - 1) / step
        total += term
    return 2 / math.pi * (angle + sine * total) if is_odd else sine * total
