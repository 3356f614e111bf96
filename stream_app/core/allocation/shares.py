"""Divides units in proportion to weights, so that the parts add up exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def divide(total: int, weights: Sequence[Fraction], names: Sequence[str]) -> list[int]:
    """Divide units in proportion to weights, by largest remainder.

    Each part is its share rounded down; the units that are left go one by one to the largest fractions, of equal ones
    to the greater weight, then to the first name. So the parts add up to the total, each is less than one unit from
    its share, a greater weight never gets less, and the order of the list does not matter.

    Args:
        total: Units, >= 0.
        weights: >= 0, one of them above 0 unless the total is 0.
        names: Of each, unique.

    Returns:
        The parts, integers >= 0.

    Raises:
        ValueError: there are units and no weights to divide them by.

    Source: Hamilton's method; Balinski and Young 1982, Fair Representation.

    >>> divide(10, [Fraction(1), Fraction(1), Fraction(1)], ["c", "a", "b"])
    [3, 4, 3]
    >>> divide(0, [], [])
    []
    """
    sum_of_weights = sum(weights, Fraction(0))
    if not total:
        return [0] * len(weights)
    if not sum_of_weights:
        raise ValueError("units without weights")
    shares = [total * weight / sum_of_weights for weight in weights]
    parts = [int(share) for share in shares]
    by_claim = sorted(range(len(weights)), key=lambda i: (parts[i] - shares[i], -weights[i], names[i]))
    for place in by_claim[: total - sum(parts)]:
        parts[place] += 1
    return parts
