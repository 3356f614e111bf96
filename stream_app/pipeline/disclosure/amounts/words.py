"""Differences of means in plain words."""

from __future__ import annotations

from math import floor, log10

from stream_app.core.cause.cause import OTHER_SEGMENTS
from stream_app.core.cause.certainty import Certainty
from stream_app.core.cause.decomposition import Driver
from stream_app.pipeline.disclosure.amounts.values import DisclosedAlertAmounts, DisclosedAmountPart

_WITHIN, _MIX = "different amounts within the same segment", "a different mix of segments"
_BY_WITHIN, _BY_MIX = (Driver.RATE, Driver.RATE_NOT_MIX), (Driver.MIX, Driver.MIX_NOT_RATE)
_DIGITS = 2  # of a difference beyond the first digit of its limit


def shown_amount(amount: float, limit: float, *, is_signed: bool = False) -> str:
    """Return an amount with as many digits as its limit deserves.

    >>> shown_amount(9.8412, 0.25), shown_amount(1234.5, 500), shown_amount(-0.0001, 0.25)
    ('9.841', '1,234', '0')
    >>> shown_amount(0.5, 0.25, is_signed=True)
    '+0.5'
    """
    n_digits = max(0, _DIGITS - floor(log10(limit)))
    text = f"{amount:{'+' if is_signed else ''},.{n_digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text.lstrip("+-") in ("", "0") else text


def headline(name: str, group: str, reference: str, difference: float, limit: float) -> str:
    """Return whose mean is higher, and by how much.

    >>> headline("rate", "female", "male", 0.4213, 0.25), headline("limit", "f", "m", -1234.5, 500.0)
    ('mean rate of female is 0.421 higher than that of male', 'mean limit of f is 1,234 lower than that of m')
    >>> headline("rate", "female", "male", 0.0, 0.25)
    'mean rate of female is that of male'
    """
    if not difference:
        return f"mean {name} of {group} is that of {reference}"
    way = "higher" if difference > 0 else "lower"
    return f"mean {name} of {group} is {shown_amount(abs(difference), limit)} {way} than that of {reference}"


def describe_mean_breach(amounts: DisclosedAlertAmounts, group: str, reference: str, *, is_group_worse: bool) -> str:
    """Say who is worse off, by how much, and what the limit is.

    Args:
        amounts: The amounts of the alert.
        group: The group.
        reference: Its reference.
        is_group_worse: Whether the group is worse off, or its reference.
    """
    limit, difference = shown_amount(amounts.limit, amounts.limit), amounts.difference.value or 0.0
    worse, better, difference = (group, reference, difference) if is_group_worse else (reference, group, -difference)
    if not difference:
        return f"{worse} worse off than {better}: mean {amounts.name}; limit {limit}"
    way, size = "higher" if difference > 0 else "lower", shown_amount(abs(difference), amounts.limit)
    return f"{worse} worse off: mean {amounts.name} {size} {way} than {better}; limit {limit}"


def describe_mean_cause(amounts: DisclosedAlertAmounts) -> str:
    """Say what the difference consists of, and in which segment it is greatest; empty where nothing was split."""
    cause, limit = amounts.cause, amounts.limit
    if cause is None or cause.mix is None or cause.within is None or cause.driver not in (*_BY_WITHIN, *_BY_MIX):
        return ""
    within, mix = (shown_amount(part, limit, is_signed=True) for part in (cause.within, cause.mix))
    if cause.driver_certainty not in (Certainty.EXPLAINS, Certainty.MAIN):
        return f"{_WITHIN} ({within}) and {_MIX} ({mix}), neither clearly the greater"
    is_within = cause.driver in _BY_WITHIN
    text = f"{_WITHIN} ({within})" if is_within else f"{_MIX} ({mix})"
    return f"mainly {text}{_greatest(cause.segments, limit, is_within=is_within)}"


def _greatest(parts: tuple[DisclosedAmountPart, ...], limit: float, *, is_within: bool) -> str:
    def size(part: DisclosedAmountPart) -> float:
        return part.within if is_within else part.mix

    named = [part for part in parts if part.segment != OTHER_SEGMENTS]
    if len(named) <= 1:
        return ""
    part = max(named, key=lambda part: abs(size(part)))
    return f", most in {part.segment} ({shown_amount(size(part), limit, is_signed=True)})"
