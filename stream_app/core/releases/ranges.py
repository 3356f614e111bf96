"""Releases over freely chosen ranges of time and groups: does a new one isolate fewer than k people of a former one?

Of one group the known sums are differences of a running count at two moments, so the moments form a graph: whatever two
moments are connected, the people between them follow. In ``[0, 100)`` and ``[0, 110)`` the moments 100 and 110 are
connected through 0. For each group, all moments that are connected must have nobody or at least k people between
neighbors. Groups that contain one another, as with another map of groups, are compared in the same way where they are
known for the same range.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations, pairwise
from typing import NamedTuple

Labels = tuple[str, ...]
Member = frozenset[Labels]


class ReleasedSum(NamedTuple):
    """People of one group in a range of time that were shown.

    Attributes:
        attribute: Name of the attribute, or names joined.
        members: The groups of the policy that it consists of; one, except under another map of groups.
        start_s: Start of the range.
        end_s: Its end.
        n: People.
    """

    attribute: str
    members: Member
    start_s: int
    end_s: int
    n: int


class Isolated(NamedTuple):
    """Fewer than k people that would follow.

    Attributes:
        attribute: Name of the attribute.
        start_s: Start of the range in which they are.
        end_s: Its end.
    """

    attribute: str
    start_s: int
    end_s: int


def find_isolated(former: Iterable[ReleasedSum], new: Iterable[ReleasedSum], k: int) -> Isolated | None:
    """Return a range in which fewer than k people of some group would follow; None if there is none.

    Args:
        former: What was released before.
        new: What is to be released.
        k: Fewest people about which anything may follow.

    >>> before = ReleasedSum("race", frozenset({("black",)}), 0, 100, 300)
    >>> find_isolated([before], [before._replace(end_s=110, n=308)], 10)
    Isolated(attribute='race', start_s=100, end_s=110)
    >>> find_isolated([before], [before._replace(end_s=110, n=320)], 10) is None
    True
    """
    added = set(new)
    sums = [*former, *added]
    touched = {(each.attribute, each.members) for each in added}
    by_group: dict[tuple[str, Member], list[ReleasedSum]] = defaultdict(list)
    by_range: dict[tuple[str, int, int], dict[Member, int]] = defaultdict(dict)
    for each in sums:
        by_group[each.attribute, each.members].append(each)
        by_range[each.attribute, each.start_s, each.end_s][each.members] = each.n
    for (attribute, members), known in by_group.items():
        if (attribute, members) in touched:
            for start_s, end_s, n in _between_neighbors(known):
                if 0 < abs(n) < k:
                    return Isolated(attribute, start_s, end_s)
    for attribute, start_s, end_s in {(each.attribute, each.start_s, each.end_s) for each in added}:
        groups = by_range[attribute, start_s, end_s]
        if any(0 < n < k for n in _parts_of_groups(groups)):
            return Isolated(attribute, start_s, end_s)
    return None


def _between_neighbors(sums: Iterable[ReleasedSum]) -> Iterator[tuple[int, int, int]]:
    """Yield the people between moments that are connected; of a range that was counted twice the difference."""
    edges: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for each in sums:
        edges[each.start_s].append((each.end_s, each.n))
        edges[each.end_s].append((each.start_s, -each.n))
    seen: set[int] = set()
    for first_s in sorted(edges):
        if first_s in seen:
            continue
        counts, waiting = {first_s: 0}, [first_s]
        while waiting:
            moment_s = waiting.pop()
            for other_s, n in edges[moment_s]:
                if other_s not in counts:
                    counts[other_s] = counts[moment_s] + n
                    waiting.append(other_s)
                elif counts[other_s] != counts[moment_s] + n:
                    yield min(moment_s, other_s), max(moment_s, other_s), counts[moment_s] + n - counts[other_s]
        seen |= counts.keys()
        for start_s, end_s in pairwise(sorted(counts)):
            yield start_s, end_s, counts[end_s] - counts[start_s]


def _parts_of_groups(groups: dict[Member, int]) -> Iterator[int]:
    """Yield the people of a group that is left when groups inside it are taken away, one or all that do not overlap."""
    for whole, n in groups.items():
        inside = sorted(
            (members for members in groups if members < whole), key=lambda members: (len(members), *sorted(members))
        )
        yield from (n - groups[members] for members in inside)
        rest, left = set(whole), n
        for members in inside:
            if members <= rest:
                rest -= members
                left -= groups[members]
        yield left if rest else 0
    for one, other in combinations(groups, 2):
        if one & other and (one | other) in groups:
            yield groups[one] + groups[other] - groups[one | other]
