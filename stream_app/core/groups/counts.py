"""What every fairness statistic here is made of: decisions and favorable decisions of one group."""

from __future__ import annotations

from typing import NamedTuple


class GroupCount(NamedTuple):
    """Decisions about one group.

    Attributes:
        n: Decisions, >= 0.
        favorable: Favorable ones among them, 0 to n.
    """

    n: int
    favorable: int


def approval_rate(count: GroupCount) -> float | None:
    """Return the share of favorable decisions.

    ``favorable / n``, correctly rounded. None when there is no decision: a rate of nothing is not 0.

    >>> approval_rate(GroupCount(197, 133)), approval_rate(GroupCount(0, 0))
    (0.6751269035532995, None)
    """
    return count.favorable / count.n if count.n else None
