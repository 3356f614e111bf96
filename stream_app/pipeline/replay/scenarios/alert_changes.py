"""How the alerts of two scenarios differ: gained, lost, moved in time."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from stream_app.pipeline.disclosure.alerts import DisclosedAlert

_Test = tuple[str, str, str]  # attribute, group, sequential test


class AlertChange(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that two scenarios do not have in common.

    Attributes:
        attribute: Protected attribute.
        group: The group.
        test: The sequential test.
        kind: ``gained``, ``lost`` or ``moved`` in time.
        original_s: Event time of the alert in the original; None where it has none.
        scenario_s: Event time of the alert in the scenario; None where it has none.
    """

    attribute: str
    group: str
    test: str
    kind: str
    original_s: int | None
    scenario_s: int | None


def compare_alerts(original: Iterable[DisclosedAlert], scenario: Iterable[DisclosedAlert]) -> list[AlertChange]:
    """Pair the breaches of two scenarios, in order of time; those of one test at one time are the same."""
    before, after = _breach_times(original), _breach_times(scenario)
    changes = []
    for test in sorted({*before, *after}):
        changes += _compare_times(test, before.get(test, []), after.get(test, []))
    return changes


def _compare_times(test: _Test, ours: list[int], theirs: list[int]) -> list[AlertChange]:
    """Compare the times of the breaches of one test.

    >>> [(c.kind, c.original_s, c.scenario_s) for c in _compare_times(("a", "g", "gap_low"), [10, 50], [10, 70, 90])]
    [('moved', 50, 70), ('gained', None, 90)]
    """
    same = set(ours) & set(theirs)
    lost = [time_s for time_s in ours if time_s not in same]
    gained = [time_s for time_s in theirs if time_s not in same]
    n_moved = min(len(lost), len(gained))
    changes = [_change(test, "moved", *times) for times in zip(lost, gained, strict=False)]
    changes += [_change(test, "lost", time_s, None) for time_s in lost[n_moved:]]
    return changes + [_change(test, "gained", None, time_s) for time_s in gained[n_moved:]]


def _breach_times(alerts: Iterable[DisclosedAlert]) -> dict[_Test, list[int]]:
    times: dict[_Test, list[int]] = {}
    for alert in sorted(alerts, key=lambda alert: alert.at_s):
        if alert.change == "breach":
            times.setdefault((alert.attribute, alert.group, alert.test), []).append(alert.at_s)
    return times


def _change(test: _Test, kind: str, original_s: int | None, scenario_s: int | None) -> AlertChange:
    attribute, group, name = test
    return AlertChange(
        attribute=attribute, group=group, test=name, kind=kind, original_s=original_s, scenario_s=scenario_s
    )
