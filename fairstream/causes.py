"""Explain a gap between two groups: by mix and rate over segments, and by the features that differ most.

The explanation is statistical, not causal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from fairstream import metrics
from fairstream.metrics import GroupCount
from stream_app.core.cause.cause import Cause, SegmentPart, explain_pair
from stream_app.core.cause.decomposition import Driver
from stream_app.core.cause.features import FeatureDifference, FeatureMoments, Moments

__all__ = ["Cause", "Driver", "FeatureDifference", "SegmentPart", "explain"]

Values = Sequence[float]


def explain(
    group: Mapping[str, GroupCount],
    reference: Mapping[str, GroupCount],
    *,
    features: Mapping[str, tuple[Values, Values]] | None = None,
    feature_scale: int = 1000,
    min_ratio: float | Fraction = 0.8,
) -> Cause:
    """Split the gap between a group and its reference into mix and rate, segment by segment.

    With ``w`` the share of a group's decisions in a segment and ``p`` its approval rate there, the gap is the sum over
    segments of ``mix = (w_a - w_b) ((p_a + p_b)/2 - (P_a + P_b)/2)`` and ``rate = (p_a - p_b) (w_a + w_b)/2``, where
    ``P`` is the rate over all segments: *mix* because the group is in other segments, *rate* because it fares
    differently in the same segment. The parts sum to the gap exactly.

    Args:
        group: Decisions about the group, by segment; segments may be missing.
        reference: Decisions about the reference group, by segment.
        features: For each feature its values in the group and in the reference group, in any order.
        feature_scale: Feature values are rounded to multiples of 1/feature_scale, >= 1.
        min_ratio: Limit of the ratio rule, in (0, 1]; for ``shortfall``.

    Returns:
        What drives the gap (``driver``), ``gap``, ``mix`` and ``rate`` in [-1, 1], the parts of the main segments, the
        three features with the largest standardized difference (Cohen's d), and the shortfall of favorable decisions.
        ``driver`` is ``no_decisions`` and all numbers are None when a group is empty.

    Raises:
        ValueError: A count is not between 0 and its ``n``, or ``min_ratio`` or ``feature_scale`` is outside its range.

    Source: Kitagawa 1955, "Components of a Difference Between Two Rates"; Cohen 1988, Statistical Power Analysis.

    >>> women = {"auto": GroupCount(n=100, favorable=20), "home": GroupCount(n=100, favorable=60)}
    >>> men = {"auto": GroupCount(n=100, favorable=60), "home": GroupCount(n=100, favorable=70)}
    >>> cause = explain(women, men, features={"income": ([1, 2, 3], [2, 3, 4])})
    >>> cause.driver.value, cause.gap, cause.mix, cause.rate, cause.leading_segment, cause.shortfall
    ('rate_not_mix', -0.25, 0.0, -0.25, 'auto', 24)
    >>> cause.features[0].feature, cause.features[0].standardized
    ('income', -1.0)
    """
    if feature_scale < 1:
        raise ValueError(f"feature_scale must be at least 1, got {feature_scale}")
    return explain_pair(
        group,
        reference,
        [
            FeatureMoments(name, feature_scale, _moments(values, feature_scale), _moments(others, feature_scale))
            for name, (values, others) in (features or {}).items()
        ],
        shortfall=metrics.shortfall(_total(group), _total(reference), min_ratio),
    )


def _total(counts: Mapping[str, GroupCount]) -> GroupCount:
    for count in counts.values():
        metrics.approval_rate(count)  # each segment must be a possible count, not only their sum
    return GroupCount(sum(count.n for count in counts.values()), sum(count.favorable for count in counts.values()))


def _moments(values: Values, scale: int) -> Moments:
    fixed = [round(value * scale) for value in values]
    return Moments(len(fixed), sum(fixed), sum(value * value for value in fixed))
