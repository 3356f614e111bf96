"""Rules about two mean amounts as lines: ``scale_a p_a >= scale_b p_b - gap``, in shares of the range.

A rule about the difference is such a line already. A rule about the ratio, that the side a gets at least a share c of
what b gets, is one once amounts are shares of the range. With the amount 0 at the share z, before the range begins
where more is better (``z <= 0``), or behind its end where less is better and the range is mirrored (``z >= 1``),

    z <= 0    p_a - z >= c (p_b - z)        p_a   >= c p_b - (1 - c) (-z)
    z >= 1    c (z - p_a) <= z - p_b        c p_a >= p_b - (1 - c) z

In the first case a must have at least c times the mean amount of b, in the second at most 1 / c times as much.
"""

from __future__ import annotations

from typing import NamedTuple

from stream_app.core.detection.rules import RateRule, RuleKind


class AmountLine(NamedTuple):
    """The means that just keep a rule; a is the side that may be harmed.

    Attributes:
        scale_a: What the mean of a is multiplied by, in (0, 1].
        scale_b: What that of b is multiplied by, in (0, 1].
        gap: By how much the product of a may be below that of b, in [0, 1).
    """

    scale_a: float
    scale_b: float
    gap: float


def line_of(rule: RateRule, zero: float) -> AmountLine:
    """Return the line of a rule.

    Args:
        rule: The widest gap of the means, as a share of the range; or the lowest ratio.
        zero: The amount 0 as a share of the range, more being better: for a ratio at most 0 or at least 1.

    Raises:
        ValueError: Amounts can be negative, or so far from 0 that no two of them have such a ratio.

    >>> line_of(RateRule(RuleKind.RATIO, 0.75), -0.5), line_of(RateRule(RuleKind.RATIO, 0.75), 1.5)
    (AmountLine(scale_a=1.0, scale_b=0.75, gap=0.125), AmountLine(scale_a=0.75, scale_b=1.0, gap=0.375))
    """
    if rule.kind is RuleKind.GAP:
        return AmountLine(1.0, 1.0, rule.limit)
    if 0 < zero < 1 or rule.limit > 1:
        raise ValueError("a ratio of means is at most 1, of amounts that cannot be negative")
    is_more_better = zero <= 0
    line = AmountLine(*((1.0, rule.limit) if is_more_better else (rule.limit, 1.0)), (1 - rule.limit) * abs(zero))
    if line.gap >= line.scale_b:
        raise ValueError("no two amounts of the range have a ratio below the limit")
    return line
