"""Amounts without what reveals something about fewer than k decisions: no count, and no small segment by itself."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from stream_app.core.cause.amounts import AmountCause, AmountSegment
from stream_app.core.cause.cause import OTHER_SEGMENTS
from stream_app.core.cause.certainty import Certainty
from stream_app.core.cause.decomposition import Driver
from stream_app.pipeline.disclosure.rules import is_small
from stream_app.pipeline.records.amounts.values import AlertAmounts, AmountValues, Measured, QuantileValues


class DisclosedAmountPart(msgspec.Struct, frozen=True, kw_only=True):
    """What one segment adds to the difference of means; see ``AmountSegment``."""

    segment: str
    mix: float
    within: float


class DisclosedAmountCause(msgspec.Struct, frozen=True, kw_only=True):
    """An ``AmountCause`` without counts and means; ``mix`` and ``within`` of all segments sum to the difference."""

    driver: Driver
    driver_certainty: Certainty | None
    mix: float | None
    within: float | None
    segments: tuple[DisclosedAmountPart, ...]
    simpson: bool


class DisclosedAmounts(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of ``AmountValues``; None where they would reveal the reference, which is hidden."""

    mean: Measured
    difference: Measured | None = None
    ratio: Measured | None = None
    quantiles: tuple[QuantileValues, ...] = ()
    is_over: bool = False
    is_ratio_over: bool | msgspec.UnsetType = msgspec.UNSET
    cause: DisclosedAmountCause | None = None


class DisclosedAlertAmounts(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of ``AlertAmounts``."""

    name: str
    mean: float | None
    mean_reference: float | None
    difference: Measured
    limit: float
    cause: DisclosedAmountCause | None = None
    ratio: Measured | msgspec.UnsetType = msgspec.UNSET
    least_ratio: float | msgspec.UnsetType = msgspec.UNSET


def disclose_amounts(values: AmountValues, k: int, *, with_reference: bool) -> DisclosedAmounts:
    """Return what may be seen of the amounts of a group that is shown.

    Args:
        values: The exact values.
        k: Fewest decisions.
        with_reference: Whether the reference is shown: a difference reveals its mean.
    """
    if not with_reference:
        alone = tuple(msgspec.structs.replace(each, difference=None) for each in values.quantiles)
        return DisclosedAmounts(mean=values.mean, quantiles=alone)
    return DisclosedAmounts(
        mean=values.mean,
        difference=values.difference,
        ratio=values.ratio,
        quantiles=values.quantiles,
        is_over=values.is_over,
        is_ratio_over=values.is_ratio_over,
        cause=None if values.cause is None else disclose_amount_cause(values.cause, k),
    )


def values_by_name(amounts: DisclosedAmounts) -> dict[str, Measured]:
    """Return every value that is shown of a group, by name: means first, then quantiles, each with its difference.

    >>> values_by_name(DisclosedAmounts(mean=Measured(9.5, 9.1, 9.9)))
    {'mean': Measured(value=9.5, lower=9.1, upper=9.9)}
    """
    values = {"mean": amounts.mean, "mean_difference": amounts.difference, "mean_ratio": amounts.ratio}
    for each in amounts.quantiles:
        name = f"p{each.q * 100:g}"
        values |= {name: each.value, f"{name}_difference": each.difference}
    return {name: value for name, value in values.items() if value is not None}


def disclose_alert_amounts(amounts: AlertAmounts, k: int) -> DisclosedAlertAmounts:
    """Return what may be seen of the amounts of an alert about k decisions or more of either group."""
    return DisclosedAlertAmounts(
        name=amounts.name,
        mean=amounts.mean,
        mean_reference=amounts.mean_reference,
        difference=amounts.difference,
        limit=amounts.limit,
        ratio=amounts.ratio,
        least_ratio=amounts.least_ratio,
        cause=None if amounts.cause is None else disclose_amount_cause(amounts.cause, k),
    )


def disclose_amount_cause(cause: AmountCause, k: int) -> DisclosedAmountCause:
    """Hide what reveals something about fewer than ``k`` decisions of a group; small segments are added up."""
    shown = [part for part in cause.segments if not is_small(part.n, part.n_reference, k)]
    rest = [part for part in cause.segments if part not in shown]
    rest += [cause.other_segments] if cause.other_segments is not None else []
    parts = [DisclosedAmountPart(segment=part.segment, mix=part.mix, within=part.within) for part in shown]
    return DisclosedAmountCause(
        driver=cause.driver,
        driver_certainty=cause.driver_certainty,
        mix=cause.mix,
        within=cause.within,
        segments=(*parts, _sum(rest)) if rest else tuple(parts),
        simpson=cause.simpson,
    )


def _sum(parts: Sequence[AmountSegment]) -> DisclosedAmountPart:
    return DisclosedAmountPart(
        segment=OTHER_SEGMENTS, mix=sum(part.mix for part in parts), within=sum(part.within for part in parts)
    )
