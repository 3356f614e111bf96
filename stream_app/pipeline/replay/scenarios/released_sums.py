"""The people that a scenario shows, as sums over the groups of the original policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from stream_app.core.releases.ranges import ReleasedSum
from stream_app.pipeline.records.results import CROSS
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.pipeline.replay.scenarios.scenario import Scenario
from stream_app.policy import OTHER, UNKNOWN, ModelPolicy, canonical_label


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
