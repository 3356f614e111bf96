"""Two scenarios side by side: the totals of each group, how many windows had which state, and which alerts differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.disclosure.wording import state_words
from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.pipeline.replay.scenarios.alert_changes import AlertChange, compare_alerts
from stream_app.pipeline.replay.scenarios.results import ScenarioResults

WINDOWS = "windows "  # starts the field that counts windows in a state
_VALUES = ("n", "rate", "disparate_impact_ratio", "gap")


class GroupDelta(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a group in both scenarios.

    Attributes:
        attribute: Protected attribute.
        group: The group; it may be in one scenario only.
        field: Name of the value; or ``windows``, a window and a state for the number of its windows in that state.
        original: Its value in the original; None when missing or hidden.
        scenario: Its value in the scenario.
        delta: Scenario minus original; None when either is missing.
    """

    attribute: str
    group: str
    field: str
    original: float | None
    scenario: float | None
    delta: float | None


class RunComparison(msgspec.Struct, frozen=True, kw_only=True):
    """How a scenario differs from the original.

    Attributes:
        original: Name of the original: a scenario, a run, or ``live``.
        scenario: Name of the scenario.
        deltas: Values of the running totals and numbers of windows by state, of each group.
        alerts: Alerts gained, lost and moved in time.
    """

    original: str
    scenario: str
    deltas: tuple[GroupDelta, ...]
    alerts: tuple[AlertChange, ...]


def compare_runs(original: ScenarioResults, scenario: ScenarioResults) -> RunComparison:
    """Compare two scenarios of one model."""
    before, after = _facts(original.results), _facts(scenario.results)
    deltas = []
    for attribute, group, field in dict.fromkeys([*before, *after]):
        ours, theirs = before.get((attribute, group, field)), after.get((attribute, group, field))
        delta = None if ours is None or theirs is None else theirs - ours
        deltas.append(
            GroupDelta(attribute=attribute, group=group, field=field, original=ours, scenario=theirs, delta=delta)
        )
    alerts = compare_alerts(original.alerts, scenario.alerts)
    return RunComparison(original=original.name, scenario=scenario.name, deltas=tuple(deltas), alerts=tuple(alerts))


def field_words(field: str) -> str:
    """Return the field of a delta for people.

    >>> field_words("disparate_impact_ratio"), field_words("windows 1h ok")
    ('ratio', 'windows of 1h: no alarm')
    """
    if not field.startswith(WINDOWS):
        return "ratio" if field == "disparate_impact_ratio" else field
    window, _, state = field.removeprefix(WINDOWS).rpartition(" ")
    return f"windows of {window}: {state_words(State(state))}"


def _facts(results: Iterable[DisclosedResult]) -> dict[tuple[str, str, str], float | None]:
    """Return the values of each group: those of the newest total, then its number of windows by state."""
    newest = {(result.window, result.attribute, result.end_s): result for result in results}.values()
    facts: dict[tuple[str, str, str], float | None] = {}
    states: Counter[tuple[str, str, str]] = Counter()
    for result in newest:
        for group in result.groups:
            if result.window == TOTAL_WINDOW:
                facts |= {(result.attribute, group.group, name): _value(group, name) for name in _VALUES}
            elif group.state is not None:
                states[result.attribute, group.group, f"{WINDOWS}{result.window} {group.state}"] += 1
    return facts | dict(sorted(states.items()))


def _value(group: DisclosedGroup, name: str) -> float | None:
    value: float | None = getattr(group, name)
    return value
