"""Which groups come first wherever only a few are shown: by state, then by the distance from the limit."""

from __future__ import annotations

from collections.abc import Iterable

from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts
from stream_app.pipeline.disclosure.results import DisclosedGroup
from stream_app.pipeline.records.evidence import Evidence, LimitKind, state_under

_ORDER = tuple(State)  # from good to bad

Rank = tuple[int, float, float, float]


def distance_from_limit(kind: LimitKind, ratio: float | None, gap: float | None, limit: float) -> float:
    """Return how far a value is beyond its limit, in either direction; negative within it.

    Args:
        kind: The limit.
        ratio: Rate or mean amount of the group / that of the reference; None where it cannot be formed.
        gap: Rate of the group - rate of the reference; None where it cannot be formed.
        limit: The limit of the policy.

    >>> round(distance_from_limit(LimitKind.RATIO, 0.55, -0.3, 0.8), 3)
    0.25
    >>> round(distance_from_limit(LimitKind.GAP, 0.55, 0.3, 0.2), 3)
    0.1
    """
    if kind not in (LimitKind.RATIO, LimitKind.MEAN_RATIO):
        return abs(gap or 0.0) - limit
    return limit - (1.0 if ratio is None else _smaller_side(ratio))


def rank_of(group: DisclosedGroup) -> Rank:
    """Return what a group of a result is ordered by: the greatest is the worst.

    The state decides, then the ratio (of the side that is worse off), then the gap (of amounts the difference of
    means), then the evidence.
    """
    state = state_under(group.evidence) or group.state or State.OK
    ratio = 1.0 if group.disparate_impact_ratio is None else _smaller_side(group.disparate_impact_ratio)
    return _ORDER.index(state), -ratio, abs(_gap(group) or 0.0), _strength(group.evidence)


def worst_first(groups: Iterable[DisclosedGroup]) -> list[DisclosedGroup]:
    """Return the groups of a result that are compared with a reference, the worst first, equal ones by name."""
    compared = [group for group in groups if group.evidence]
    return sorted(sorted(compared, key=lambda group: group.group), key=rank_of, reverse=True)


def _gap(group: DisclosedGroup) -> float | None:
    amounts = group.amounts
    if isinstance(amounts, DisclosedAmounts) and amounts.difference is not None:
        return amounts.difference.value
    return group.gap


def _smaller_side(ratio: float) -> float:
    return min(ratio, 1 / ratio) if ratio else 0.0


def _strength(evidence: Iterable[Evidence]) -> float:
    return max((test.log10_e or 0.0 for test in evidence), default=0.0)
