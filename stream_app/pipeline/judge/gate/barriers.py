"""Moments up to which a group must not be counted, because few people of it are left beside what is counted elsewhere.

Outcomes are subtracted from decisions: of all up to a moment some have no outcome. Where these are fewer than k, no
release about the group may begin or end at that moment. Then nothing that is computed from releases does: a sum or
difference of ranges of time begins and ends where one of these does.
"""

from __future__ import annotations

from collections.abc import Mapping

from stream_app.core.privacy.disclosure import disclose
from stream_app.pipeline.judge.gate.tables import Labels, Shown
from stream_app.pipeline.judge.stored.stored_releases import WindowMemory

_NONE = ""  # instead of an attribute: no group of any


def barrier_of(left: Mapping[str, Mapping[Labels, int]], k: int) -> Shown:
    """Return the groups that must not be counted up to a moment, by attribute.

    Args:
        left: People of each group that are left, by attribute.
        k: Fewest people about which anything may follow.

    >>> barrier_of({"sex": {("f",): 3, ("m",): 40, ("x",): 12}}, 10) == {"sex": {("f",), ("x",)}}
    True
    """
    releases = {name: disclose({labels: abs(n) for labels, n in people.items()}, k) for name, people in left.items()}
    groups = {name: {*release.small, *release.complementary} for name, release in releases.items()}
    return {name: labels for name, labels in groups.items() if labels}


def note_barrier(memory: WindowMemory, at_s: int, groups: Mapping[str, set[Labels]], oldest_s: int) -> None:
    """Note the groups that must not be counted up to the end of a window.

    Args:
        memory: What is remembered of running totals; changed in place.
        at_s: End of the window.
        groups: Groups by attribute.
        oldest_s: Start of the oldest window that has not closed; what was before is forgotten.
    """
    last_s = max((moment_s for moment_s, _ in memory.barriers if moment_s <= oldest_s), default=oldest_s)
    barriers = {key: labels for key, labels in memory.barriers.items() if key[0] >= last_s}
    barriers |= {(at_s, name): labels for name, labels in groups.items()} or {(at_s, _NONE): set()}
    memory.barriers = barriers if any(barriers.values()) else {}


def stopped_by(memory: WindowMemory, start_s: int, ends: Mapping[str, set[Labels]]) -> Shown:
    """Return the groups that a window must not show, by attribute.

    Args:
        memory: What is remembered of running totals.
        start_s: Its start.
        ends: Groups that must not be counted up to its end.
    """
    stopped = {name: set(groups) for name, groups in ends.items()}
    newest_s = max((at_s for at_s, _ in memory.barriers if at_s <= start_s), default=None)  # nobody came since then
    for (at_s, name), groups in memory.barriers.items():
        if at_s == newest_s:
            stopped.setdefault(name, set()).update(groups)
    return {name: groups for name, groups in stopped.items() if groups}
