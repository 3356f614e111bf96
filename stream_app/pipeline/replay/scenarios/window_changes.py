"""Which windows of two scenarios have other verdicts about a group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.disclosure.wording import exceeded_limits
from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.pipeline.replay.scenarios.comparison import newest_by_window
from stream_app.pipeline.replay.scenarios.results import ScenarioResults


class GroupVerdict(NamedTuple):
    """What a window says about a group.

    Attributes:
        state: Its state.
        exceeded: The limits that its values exceed.
    """

    state: State
    exceeded: tuple[str, ...]


class WindowChange(NamedTuple):
    """A window about which two scenarios say something else.

    Attributes:
        attribute: Protected attribute.
        group: The group.
        window: Name of the window.
        end_s: Its end, event time.
        original: What the original says.
        scenario: What the scenario says.
    """

    attribute: str
    group: str
    window: str
    end_s: int
    original: GroupVerdict
    scenario: GroupVerdict


class WindowChanges(NamedTuple):
    """How the windows of two scenarios differ.

    Attributes:
        changes: Those with another verdict about a group, by time.
        n_compared: Windows of an attribute that both scenarios have.
        n_single: Windows that only one of them has, as with other lengths; they are not compared.
    """

    changes: list[WindowChange]
    n_compared: int
    n_single: int


def compare_windows(original: ScenarioResults, scenario: ScenarioResults) -> WindowChanges:
    """Compare the verdicts about each group that both scenarios show, window by window, without totals."""
    ours, theirs = (
        {key: result for key, result in newest_by_window(side.results).items() if key[1] != TOTAL_WINDOW}
        for side in (original, scenario)
    )
    shared = sorted(ours.keys() & theirs.keys(), key=lambda key: (key[2], key))
    changes = [change for key in shared for change in _changes(ours[key], theirs[key])]
    changes.sort(key=lambda change: (change.end_s, change[:3]))
    return WindowChanges(changes, len(shared), len(ours.keys() ^ theirs.keys()))


def _changes(original: DisclosedResult, scenario: DisclosedResult) -> Iterator[WindowChange]:
    before, after = _verdicts(original.groups), _verdicts(scenario.groups)
    for group in before.keys() & after.keys():
        if before[group] != after[group]:
            where = original.attribute, group, original.window, original.end_s
            yield WindowChange(*where, before[group], after[group])


def _verdicts(groups: tuple[DisclosedGroup, ...]) -> dict[str, GroupVerdict]:
    return {
        group.group: GroupVerdict(group.state, exceeded_limits(group, None))
        for group in groups
        if group.state is not None
    }
