"""The people that a replay shows, as sums over the groups of the original policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from stream_app.core.releases.ranges import ReleasedSum
from stream_app.pipeline.records.results import AND, CROSS
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.pipeline.replay.scenarios.scenario import Scenario
from stream_app.policy import OTHER, UNKNOWN, ModelPolicy, canonical_label

_NO_END_S = 2**40  # after every event that can be


def released_sums(
    original: ModelPolicy, scenarios: Iterable[Scenario], results: Iterable[ScenarioResults]
) -> Iterator[ReleasedSum]:
    """Yield every number of people that disclosed results of scenarios show.

    Args:
        original: The policy without changes, whose groups the others are made of.
        scenarios: The scenarios.
        results: What they show, in the same order.
    """
    for scenario, shown in zip(scenarios, results, strict=True):
        members = {attribute.name: _members(original, scenario, attribute.name) for attribute in original.attributes}
        for result in shown.results:
            names = result.attribute.split(CROSS)
            for group in result.groups:
                if group.n is not None:
                    parts = [
                        members.get(name, {}).get(label, [label])
                        for name, label in zip(names, group.labels, strict=True)
                    ]
                    yield ReleasedSum(
                        result.attribute, frozenset(product(*parts)), result.start_s, result.end_s, group.n
                    )


def sums_of_groups(
    attribute: str, groups: Iterable[tuple[str, int | None]], from_s: float | None, to_s: float | None
) -> Iterator[ReleasedSum]:
    """Yield the numbers of people of groups that are shown for a range of time, which may have no ends.

    Args:
        attribute: Name of the attribute, or names joined.
        groups: Each group with its people; None where they are hidden. Of an intersection all labels, joined.
        from_s: Start of the range; None for the beginning of the log.
        to_s: Its end; None for the end of the log.

    >>> [each.n for each in sums_of_groups("race", [("asian", 30), ("black", None)], None, 600.0)]
    [30]
    """
    start_s, end_s = 0 if from_s is None else int(from_s), _NO_END_S if to_s is None else int(to_s)
    for group, n in groups:
        if n is not None:
            labels = tuple(group.split(AND)) if CROSS in attribute else (group,)
            yield ReleasedSum(attribute, frozenset([labels]), start_s, end_s, n)


def _members(original: ModelPolicy, scenario: Scenario, attribute: str) -> dict[str, list[str]]:
    """Return the groups of the original policy, and further spellings, that make each group of a scenario."""
    table = scenario.groups.get(attribute, {})
    [declared] = [each.groups for each in original.attributes if each.name == attribute]
    members: dict[str, list[str]] = {}
    for label in (*declared, UNKNOWN, OTHER):
        members.setdefault(table.get(canonical_label(label), label), []).append(label)
    known = {canonical_label(label) for label in declared}
    for spelling, label in table.items():
        if spelling not in known:
            members.setdefault(label, []).append(f"spelling {spelling}")
    return members
