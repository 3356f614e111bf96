"""Rates, gap and ratio of a pair over some panes, each with its intervals."""

from __future__ import annotations

import math

import msgspec

from stream_app.core.groups.comparison import Reason, disparate_impact_ratio, statistical_parity_difference
from stream_app.core.groups.counts import GroupCount, approval_rate
from stream_app.core.intervals.confidence_sequence import gap_sequence_many, ratio_sequence_many
from stream_app.core.intervals.interval_ends import koopman_many, newcombe_many, wilson_many
from stream_app.core.intervals.intervals import missing_group

Ends = tuple[float, float | None]


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A pair over some panes; an interval is its lower and upper end, the upper end None where it is unbounded.

    Attributes:
        k_a: Favorable decisions about the group.
        n_a: Decisions about the group.
        k_b: Favorable decisions about the reference.
        n_b: Decisions about the reference.
        rate_a: Rate of the group; None without decisions.
        rate_b: Rate of the reference; None without decisions.
        rate_a_interval: 95 % confidence interval, valid at a single look (Wilson).
        rate_b_interval: The same for the reference.
        ratio: Disparate impact ratio; None where it is undefined.
        ratio_interval: 95 % confidence interval, valid at a single look (Koopman).
        ratio_sequence: 95 % confidence sequence, valid under continuous monitoring.
        gap: Rate of the group minus rate of the reference; None where it is undefined.
        gap_interval: 95 % confidence interval, valid at a single look (Newcombe).
        gap_sequence: 95 % confidence sequence, valid under continuous monitoring.
        reason: Why a value or an end is missing; None when nothing is missing.
    """

    k_a: int
    n_a: int
    k_b: int
    n_b: int
    rate_a: float | None
    rate_b: float | None
    rate_a_interval: Ends
    rate_b_interval: Ends
    ratio: float | None
    ratio_interval: Ends
    ratio_sequence: Ends
    gap: float | None
    gap_interval: Ends
    gap_sequence: Ends
    reason: Reason | None


def estimate(counts: tuple[int, int, int, int], design_effect: float = 1.0) -> Estimate:
    """Estimate rates, gap and ratio of a pair from its counts.

    Args:
        counts: ``k_a, n_a, k_b, n_b``.
        design_effect: Intervals are computed from counts divided by this, >= 1.

    >>> pair = estimate((133, 197, 1527, 1681))
    >>> f"{pair.ratio:.6f}", [f"{end:.6f}" for end in pair.ratio_interval + pair.ratio_sequence]
    ('0.743214', ['0.667482', '0.812141', '0.599359', '0.874240'])
    """
    k_a, n_a, k_b, n_b = counts
    group, reference = GroupCount(n_a, k_a), GroupCount(n_b, k_b)
    shrunk = [count / design_effect for count in counts]
    ratio_sequence = _ends(ratio_sequence_many(*shrunk))
    return Estimate(
        k_a=k_a,
        n_a=n_a,
        k_b=k_b,
        n_b=n_b,
        rate_a=approval_rate(group),
        rate_b=approval_rate(reference),
        rate_a_interval=_ends(wilson_many(*shrunk[:2])),
        rate_b_interval=_ends(wilson_many(*shrunk[2:])),
        ratio=disparate_impact_ratio(group, reference),
        ratio_interval=_ends(koopman_many(*shrunk)),
        ratio_sequence=ratio_sequence,
        gap=statistical_parity_difference(group, reference),
        gap_interval=_ends(newcombe_many(*shrunk)),
        gap_sequence=_ends(gap_sequence_many(*shrunk)),
        reason=missing_group(n_a, n_b) or _no_ratio(k_b, ratio_sequence),
    )


def _ends(interval: tuple[object, object]) -> Ends:
    lower, upper = (float(end) for end in interval)  # type: ignore[arg-type]  # arrays of no dimension
    return lower, upper if math.isfinite(upper) else None


def _no_ratio(k_b: int, ratio_sequence: Ends) -> Reason | None:
    if not k_b:
        return Reason.REFERENCE_RATE_ZERO
    return Reason.REFERENCE_RATE_NEAR_ZERO if ratio_sequence[1] is None else None
