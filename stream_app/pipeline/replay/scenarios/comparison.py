"""Two scenarios side by side: the values of each group, how many windows had which state, and which alerts differ.

The values are those of the running totals where both scenarios show totals of the same time. Live totals can be from an
earlier time, or withheld; then they are those of the newest of the largest windows that both show.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import msgspec

from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts, values_by_name
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.disclosure.wording import state_words
from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.pipeline.replay.scenarios.alert_changes import AlertChange, compare_alerts
from stream_app.pipeline.replay.scenarios.results import ScenarioResults

WINDOWS = "windows "  # starts the field that counts windows in a state
_VALUES = ("n", "rate", "disparate_impact_ratio", "gap")
_WORDS = {"disparate_impact_ratio": "ratio", "p50": "median", "p50_difference": "median difference"}
_WORDS |= {"p90": "90% below", "p90_difference": "90% below, difference"}
WindowKey = tuple[str, str, int]  # attribute, window, end; of totals 0


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


class ResultPair(NamedTuple):
    """What both scenarios show of one attribute; None where a scenario shows nothing of it.

    Attributes:
        original: The result of the original.
        scenario: The result of the scenario.
    """

    original: DisclosedResult | None
    scenario: DisclosedResult | None


class RunComparison(msgspec.Struct, frozen=True, kw_only=True):
    """How a scenario differs from the original.

    Attributes:
        original: Name of the original: a scenario, a run, or ``live``.
        scenario: Name of the scenario.
        deltas: Values of each group, see above, and its numbers of windows by state.
        alerts: Alerts gained, lost and moved in time.
    """

    original: str
    scenario: str
    deltas: tuple[GroupDelta, ...]
    alerts: tuple[AlertChange, ...]


def compare_runs(original: ScenarioResults, scenario: ScenarioResults) -> RunComparison:
    """Compare two scenarios of one model."""
    ours, theirs = newest_by_window(original.results), newest_by_window(scenario.results)
    compared = _compared(ours, theirs)
    before, after = _facts(ours, compared), _facts(theirs, compared)
    deltas = []
    for attribute, group, field in dict.fromkeys([*before, *after]):
        one, other = before.get((attribute, group, field)), after.get((attribute, group, field))
        delta = None if one is None or other is None else other - one
        deltas.append(
            GroupDelta(attribute=attribute, group=group, field=field, original=one, scenario=other, delta=delta)
        )
    alerts = compare_alerts(original.alerts, scenario.alerts)
    return RunComparison(original=original.name, scenario=scenario.name, deltas=tuple(deltas), alerts=tuple(alerts))


def compared_results(original: ScenarioResults, scenario: ScenarioResults) -> dict[str, ResultPair]:
    """Return the results by attribute whose values are compared."""
    ours, theirs = newest_by_window(original.results), newest_by_window(scenario.results)
    return {key[0]: ResultPair(ours.get(key), theirs.get(key)) for key in sorted(_compared(ours, theirs))}


def field_words(field: str) -> str:
    """Return the field of a delta for people.

    >>> field_words("disparate_impact_ratio"), field_words("mean_difference"), field_words("windows 1h ok")
    ('ratio', 'mean difference', 'windows of 1h: no alarm')
    """
    if not field.startswith(WINDOWS):
        return _WORDS.get(field, field.replace("_", " "))
    window, _, state = field.removeprefix(WINDOWS).rpartition(" ")
    return f"windows of {window}: {state_words(State(state))}"


def newest_by_window(results: Iterable[DisclosedResult]) -> dict[WindowKey, DisclosedResult]:
    """Return the newest revision of each window, and the newest totals of each attribute under the end 0."""
    return {
        (result.attribute, result.window, 0 if result.window == TOTAL_WINDOW else result.end_s): result
        for result in results
    }


def _compared(ours: Mapping[WindowKey, DisclosedResult], theirs: Mapping[WindowKey, DisclosedResult]) -> set[WindowKey]:
    """Return of each attribute the totals or the window whose values are compared; totals where nothing fits."""
    best: dict[str, tuple[bool, bool, int, int, WindowKey]] = {}
    for key in ours.keys() | theirs.keys():
        sides = [side[key] for side in (ours, theirs) if key in side]
        is_total = key[1] == TOTAL_WINDOW
        is_fit = key in ours and key in theirs and len(set(map(_times, sides))) == 1 and all(map(_shows_any, sides))
        if is_fit or is_total:
            rank = (is_fit, is_total, sides[0].size_s, sides[0].end_s, key)
            best[key[0]] = max(rank, best.get(key[0], rank))
    return {rank[-1] for rank in best.values()}


def _times(result: DisclosedResult) -> tuple[int, int]:
    return result.start_s, result.end_s


def _shows_any(result: DisclosedResult) -> bool:
    return any(group.n is not None for group in result.groups)


def _facts(
    results: Mapping[WindowKey, DisclosedResult], compared: Collection[WindowKey]
) -> dict[tuple[str, str, str], float | None]:
    """Return the values of each group: those of the compared results, then its number of windows by state."""
    facts: dict[tuple[str, str, str], float | None] = {}
    states: Counter[tuple[str, str, str]] = Counter()
    for key, result in results.items():
        for group in result.groups:
            if key in compared:
                facts |= {(result.attribute, group.group, name): value for name, value in _values(group).items()}
            if result.window != TOTAL_WINDOW and group.state is not None:
                states[result.attribute, group.group, f"{WINDOWS}{result.window} {group.state}"] += 1
    return facts | dict(sorted(states.items()))


def _values(group: DisclosedGroup) -> dict[str, float | None]:
    """Return what is compared of a group: its rate and what follows from it, or its amounts."""
    if isinstance(group.amounts, DisclosedAmounts):
        return {"n": group.n} | {name: measured.value for name, measured in values_by_name(group.amounts).items()}
    if group.hidden is not None:
        return {"n": None}
    return {name: getattr(group, name) for name in _VALUES}
