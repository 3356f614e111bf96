"""What is known of the amounts of one group in one window, beside those of its reference.

All in the unit of the amount. Differences are group less reference: a group that pays more has a difference above 0,
whichever amounts are good for the person.
"""

from __future__ import annotations

import msgspec

from stream_app.core.cause.amounts import AmountCause


class Measured(msgspec.Struct, frozen=True):
    """A value with its 95 % interval, for a single look.

    Attributes:
        value: None where it cannot be formed.
        lower: Lower end; None where there is none.
        upper: Upper end; likewise.
    """

    value: float | None
    lower: float | None = None
    upper: float | None = None


class QuantileValues(msgspec.Struct, frozen=True, kw_only=True):
    """One quantile of the amounts of a group.

    Attributes:
        q: Which one: 0.5 is the median.
        value: Its value, to the width of a bin.
        difference: Less that of the reference; None for the reference and for undeclared values.
    """

    q: float
    value: Measured
    difference: Measured | None = None


class AmountValues(msgspec.Struct, frozen=True, kw_only=True):
    """The amounts of one group.

    Attributes:
        mean: Mean amount, from exact sums.
        difference: Mean less that of the reference; None for the reference and for undeclared values.
        ratio: Mean / that of the reference; likewise, and without a value where amounts can be negative.
        quantiles: Quantiles, from the bins.
        is_over: Whether the difference is beyond the limit, by its value alone.
        is_ratio_over: Whether the ratio is beyond its limit, by its value alone; only where the policy has one.
        cause: Why the means differ, where the group is in warning or in breach or a value beyond its limit.
    """

    mean: Measured
    difference: Measured | None = None
    ratio: Measured | None = None
    quantiles: tuple[QuantileValues, ...] = ()
    is_over: bool = False
    is_ratio_over: bool | msgspec.UnsetType = msgspec.UNSET
    cause: AmountCause | None = None


class AlertAmounts(msgspec.Struct, frozen=True, kw_only=True):
    """The amounts that an alert is about, from the onset on.

    Attributes:
        name: What the amount is called: the last key of its place in the JSON.
        mean: Mean amount of the group; None without decisions.
        mean_reference: That of the reference.
        difference: Mean of the group less that of the reference.
        limit: Widest difference that is permitted.
        cause: Why they differ.
        ratio: Mean of the group / that of the reference; only where the policy limits it.
        least_ratio: Lowest ratio, or inverse of it, that is permitted; likewise.
    """

    name: str
    mean: float | None
    mean_reference: float | None
    difference: Measured
    limit: float
    cause: AmountCause | None = None
    ratio: Measured | msgspec.UnsetType = msgspec.UNSET
    least_ratio: float | msgspec.UnsetType = msgspec.UNSET
