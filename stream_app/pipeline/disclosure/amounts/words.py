"""Differences of means in plain words."""

from __future__ import annotations

from math import floor, log10

from stream_app.core.cause.cause import OTHER_SEGMENTS
from stream_app.core.cause.certainty import Certainty
from stream_app.core.cause.decomposition import Driver
from stream_app.pipeline.disclosure.amounts.values import DisclosedAlertAmounts, DisclosedAmountPart
from stream_app.pipeline.records.amounts.values import Measured

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


def shown_ratio(value: float, lower: float | None, upper: float | None, about: str = "") -> str:
    """Return a ratio with its interval.

    >>> shown_ratio(1.0823, 1.061, 1.104), shown_ratio(1.2, 0.9, None, "95% CI ")
    ('1.082 (1.061 to 1.104)', '1.200 (95% CI 0.900 or more)')
    """
    if lower is None:
        return f"{value:.3f}"
    ends = f"{lower:.3f} or more" if upper is None else f"{lower:.3f} to {upper:.3f}"
    return f"{value:.3f} ({about}{ends})"


def ratio_limits(least: float) -> str:
    """Return the ratios of means that are permitted.

    >>> ratio_limits(0.8)
    '0.8 to 1.25'
    """
    return f"{least:g} to {1 / least:.4g}"


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


def describe_ratio_breach(amounts: DisclosedAlertAmounts, group: str, reference: str, *, is_group_worse: bool) -> str:
    """Say who is worse off, how many times as high the higher mean is, and what the limit is.

    Args:
        amounts: The amounts of the alert; without a ratio the difference is said.
        group: The group.
        reference: Its reference.
        is_group_worse: Whether the group is worse off, or its reference.
    """
    ratio = amounts.ratio.value if isinstance(amounts.ratio, Measured) else None
    if not ratio or not isinstance(amounts.least_ratio, float):
        return describe_mean_breach(amounts, group, reference, is_group_worse=is_group_worse)
    worse, (higher, lower) = group if is_group_worse else reference, (group, reference)
    if ratio < 1:
        higher, lower, ratio = lower, higher, 1 / ratio
    who = f"mean {amounts.name} of {higher} is {ratio:.3g} times that of {lower}"
    return f"{worse} worse off: {who}; limit {1 / amounts.least_ratio:.3g} times"


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
