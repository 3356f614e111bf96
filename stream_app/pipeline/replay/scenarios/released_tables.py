"""The people that a replay would show, as tables over the groups of the original policy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import isinf

from stream_app.core.releases.withholding import Cell, Group, ReleasedTable
from stream_app.pipeline.disclosure.results import DisclosedResult, released_form
from stream_app.pipeline.records.results import AND, CROSS, Result
from stream_app.pipeline.replay.scenarios.scenario import Scenario, original_scenario
from stream_app.policy import OTHER, UNKNOWN, ModelPolicy, canonical_label

_NO_END_S = 2**40  # after every event that can be
Labels = tuple[str, ...]


class TableMaker:
    """Makes tables of counts by the groups of a policy or of a scenario.

    Args:
        original: The policy without changes, whose groups those of the scenario are made of.
        scenario: The scenario; None for the policy itself.
    """

    def __init__(self, original: ModelPolicy, scenario: Scenario | None = None) -> None:
        scenario = scenario or original_scenario(original)
        names = [attribute.name for attribute in scenario.model.attributes]
        self._groups = {name: _groups(original, scenario, name) for name in names}
        limit = scenario.leaves_out_from
        self._part = "" if limit is None else f"anomaly score below {limit:g}"

    def of_result(self, result: Result, shown: DisclosedResult, k: int) -> ReleasedTable | None:
        """Return the table of a result; None where its groups are estimated, as those of a proxy.

        Args:
            result: The exact result.
            shown: What it would show.
            k: Fewest people that it shows.
        """
        names = result.attribute.split(CROSS)
        if not self._groups.keys() >= set(names):
            return None
        counts = {group.labels: group.n for group in released_form(result, k).groups}
        visible = {group.labels for group in shown.groups if group.n is not None}
        table = self.of_counts(names, counts, visible, shown.start_s, shown.end_s)
        return table._replace(shown=sorted(table.shown, key=self._cell(names, result.reference.split(AND)).__ne__))

    def of_counts(
        self,
        names: Collection[str],
        counts: Mapping[Labels, int],
        visible: Collection[Labels],
        from_s: float,
        to_s: float,
    ) -> ReleasedTable:
        """Return the table of counts of a range of time, which may have no ends.

        Args:
            names: Names of the attributes.
            counts: People by labels, one for each attribute; also of what is hidden.
            visible: The labels that would be shown; the largest are the most important.
            from_s: Start of the range.
            to_s: Its end.
        """
        start_s, end_s = range_ends(from_s, to_s)
        order = sorted(visible, key=lambda labels: (-counts[labels], labels))
        return ReleasedTable(
            attributes=tuple(names),
            groups=tuple(tuple(dict.fromkeys(self._groups[name].values())) for name in names),
            start_s=start_s,
            end_s=end_s,
            people={self._cell(names, labels): n for labels, n in counts.items() if n},
            shown=[self._cell(names, labels) for labels in order if counts[labels]],
            part=self._part,
        )

    def labels_of(self, names: Collection[str], cell: Cell) -> Labels:
        """Return the labels of a cell."""
        found = ({group: label for label, group in self._groups[name].items()} for name in names)
        return tuple(labels[group] for labels, group in zip(found, cell, strict=True))

    def _cell(self, names: Collection[str], labels: Collection[str]) -> Cell:
        return tuple(
            self._groups[name].get(label, frozenset([label])) for name, label in zip(names, labels, strict=True)
        )


def range_ends(from_s: float, to_s: float) -> tuple[int, int]:
    """Return the ends of a range of time; of one without end a time before or after every event that can be.

    >>> range_ends(float("-inf"), 600.0)
    (0, 600)
    """
    return 0 if isinf(from_s) else int(from_s), _NO_END_S if isinf(to_s) else int(to_s)


def _groups(original: ModelPolicy, scenario: Scenario, attribute: str) -> dict[str, Group]:
    """Return what makes each group of a scenario: groups of the original policy, and values that it does not list."""
    table = scenario.groups.get(attribute, {})
    declared, judged = (
        next((each.groups for each in model.attributes if each.name == attribute), ())
        for model in (original, scenario.model)
    )
    members: dict[str, list[str]] = {label: [] for label in (*judged, UNKNOWN, OTHER)}
    for label in (*declared, UNKNOWN):
        members.get(table.get(canonical_label(label), label), members[OTHER]).append(label)
    known = {canonical_label(label) for label in declared}
    taken = {spelling: label for spelling, label in table.items() if spelling not in known}
    taken |= {label: label for label in judged if not members[label] and label not in taken.values()}
    for spelling, label in sorted(taken.items()):
        members.get(label, members[OTHER]).append(f"value {spelling}")
    members[OTHER].append(f"{OTHER} without {', '.join(sorted(taken))}" if taken else OTHER)
    return {label: frozenset(own) for label, own in members.items() if own}
