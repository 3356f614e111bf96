"""The order of groups, the worst first: by state, then by how far their values are beyond the limits."""

from __future__ import annotations

from collections.abc import Iterable

from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.results import DisclosedGroup
from stream_app.policy import Rules


def severity(group: DisclosedGroup, rules: Rules | None = None) -> tuple[int, float]:
    """Return how bad a group's treatment is: the place of its state from good to bad, then the distance beyond a limit.

    The distance is the greater of the two: ratio, or 1 / ratio, below its limit, and gap above its limit; both are
    negative inside the limits. A group without values is as far inside as can be.

    Args:
        group: One group of a result.
        rules: Limits of the policy; None for the default ones.
    """
    limits = rules or Rules()
    ratio, gap = group.disparate_impact_ratio, group.gap
    distances = [-1.0]
    if ratio is not None:
        folded = min(ratio, 1 / ratio) if ratio else 0.0
        distances.append(limits.min_disparate_impact_ratio - folded)
    if gap is not None:
        distances.append(abs(gap) - limits.max_gap)
    return (-1 if group.state is None else list(State).index(group.state), max(distances))


def rank_groups(groups: Iterable[DisclosedGroup], rules: Rules | None = None) -> list[DisclosedGroup]:
    """Return groups with the worst first; those that are equally bad stay in their order.

    >>> fair = DisclosedGroup(group="a", state=State.OK, disparate_impact_ratio=0.9, gap=-0.05)
    >>> worse = DisclosedGroup(group="b", state=State.OK, disparate_impact_ratio=1.5, gap=0.1)
    >>> breach = DisclosedGroup(group="c", state=State.BREACH, disparate_impact_ratio=0.7, gap=-0.1)
    >>> [group.group for group in rank_groups([fair, worse, breach])]
    ['c', 'b', 'a']
    """
    return sorted(groups, key=lambda group: severity(group, rules), reverse=True)
