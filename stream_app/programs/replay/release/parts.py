"""Whether the parts of a bisection may be shown beside former releases: by segment, and by version of the model."""

from __future__ import annotations

from collections.abc import Sequence

from stream_app.core.releases.knowledge import Knowledge
from stream_app.core.releases.related import Count, People
from stream_app.pipeline.replay.bisect.shown_parts import ShownParts
from stream_app.pipeline.replay.scenarios.released_tables import range_ends
from stream_app.programs.replay.release.former import FormerReleases


def release_parts(former: FormerReleases, attribute: str, by: str, parts: Sequence[ShownParts]) -> bool:
    """Return whether the parts of some groups may be shown, and note them in the ledger of releases.

    All of them or none, as the last one follows from the others.

    Args:
        former: What was shown before.
        attribute: Name of the attribute.
        by: What the parts are: ``segment`` or ``version``.
        parts: The people of the groups.

    Raises:
        ConfigError: the ledger is unsafe, is full, or was changed by something else.
        WriteError: it cannot be written.
    """
    with former.opened() as knowledge:
        counts = [count for each in parts for count in _counts(knowledge, attribute, by, each)]
        mark = knowledge.mark()
        for count in counts:
            if knowledge.is_withheld(count) or not knowledge.add_if_safe(count):
                knowledge.undo(mark)
                knowledge.withhold(count)
                return False
    return True


def _counts(knowledge: Knowledge, attribute: str, by: str, shown: ShownParts) -> list[Count]:
    """Return the counts of the parts of a group, and note that the group is all of them."""
    name = f"{attribute} by {by}"
    sets = {members: People(name, frozenset((shown.group, one) for one in members)) for members in shown.people}
    group = People(attribute, frozenset([(shown.group,)]))
    singles = {one: People(name, frozenset([(shown.group, one)])) for members in sets for one in sorted(members)}
    knowledge.relate(group, [singles[one] for one in sorted(singles)])
    for members, people in sets.items():
        if len(members) > 1:
            knowledge.relate(people, [singles[one] for one in sorted(members)])
            knowledge.relate(group, [people, *(singles[one] for one in sorted(singles.keys() - members))])
    start_s, end_s = range_ends(shown.time_range.from_s, shown.time_range.to_s)
    return [Count(sets[members], start_s, end_s, n) for members, n in shown.people.items()]
