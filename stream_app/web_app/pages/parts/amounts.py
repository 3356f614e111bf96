"""Amounts with their intervals in words, with as many digits as their limit deserves."""

from __future__ import annotations

from collections.abc import Iterable

from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts
from stream_app.pipeline.disclosure.amounts.words import shown_amount, shown_ratio
from stream_app.pipeline.disclosure.results import DisclosedGroup
from stream_app.pipeline.records.amounts.values import Measured
from stream_app.policy import Rules

_UNKNOWN_LIMIT = 0.01  # of a model whose present policy has no amounts any more


def amounts_of(group: DisclosedGroup) -> DisclosedAmounts | None:
    """Return the amounts of a group; None where it is hidden, and where decisions are no amounts."""
    return group.amounts if isinstance(group.amounts, DisclosedAmounts) else None


def limit_of_means(rules: Rules | None) -> float:
    """Return the widest difference of means that is permitted."""
    return (None if rules is None else rules.max_mean_difference) or _UNKNOWN_LIMIT


def least_limit(limits: Iterable[float | None]) -> float:
    """Return the least limit of several policies: values are shown with the digits that it deserves.

    >>> least_limit([0.5, 0.25]), least_limit([None, 3.0])
    (0.25, 3.0)
    """
    return min((limit for limit in limits if limit), default=_UNKNOWN_LIMIT)


def measured_text(measured: Measured | None, limit: float, *, is_signed: bool = False) -> str:
    """Return an amount with its 95 % interval; empty without a value.

    >>> measured_text(Measured(0.4642, 0.35, 0.577), 0.25, is_signed=True), measured_text(Measured(9.0), 0.25)
    ('+0.464 (+0.35 to +0.577)', '9')
    """
    if measured is None or measured.value is None:
        return ""
    value = shown_amount(measured.value, limit, is_signed=is_signed)
    if measured.lower is None or measured.upper is None:
        return value
    ends = (shown_amount(end, limit, is_signed=is_signed) for end in (measured.lower, measured.upper))
    return f"{value} ({' to '.join(ends)})"


def ratio_text(measured: Measured | None) -> str:
    """Return a ratio with its 95 % interval; empty without a value.

    >>> ratio_text(Measured(1.0823, 1.061, 1.104)), ratio_text(Measured(1.2, 0.9))
    ('1.082 (1.061 to 1.104)', '1.200 (0.900 or more)')
    """
    if measured is None or measured.value is None:
        return ""
    return shown_ratio(measured.value, measured.lower, measured.upper)


def difference_text(amounts: DisclosedAmounts, rules: Rules | None) -> str:
    """Return by how much a mean differs from that of the reference, with its interval and limit."""
    limit = limit_of_means(rules)
    text = measured_text(amounts.difference, limit, is_signed=True)
    return f"{text}, limit ±{limit:g}" if text else ""
