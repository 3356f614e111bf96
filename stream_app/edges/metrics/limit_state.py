"""What is known about an attribute under one kind of limit: which pairs are in breach, near one, or hardly counted.

It is put together from two sources. Results of windows say what each test knew when a window closed; alarms and
recoveries come in between, at once. The newest of both decides. A breach belongs to a pair, not to a window: it lasts
from the alarm to the recovery, whichever windows close in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.rules import is_small
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.evidence import Evidence, PairTest

_NEAR_LOG10 = 3.0  # a warning needs evidence within a thousandth of the threshold

Onset = tuple[int | None, int | None, int | None]  # best estimate, and the ends of its interval
_NO_ONSET: Onset = (None, None, None)


class TestedGroup(NamedTuple):
    """A group in a window that closed.

    Attributes:
        group: Its name.
        evidence: Its tests of one kind of limit, as of that window.
        is_shown: Whether its state may be shown: it and the reference have at least k cases.
    """

    group: str
    evidence: tuple[Evidence, ...]
    is_shown: bool


class LimitState:
    """The pairs of one attribute under one kind of limit.

    Args:
        k: Fewest cases about which anything may be shown.
    """

    def __init__(self, k: int) -> None:
        self._k = k
        self._breaches: dict[str, dict[PairTest, Alert | None]] = {}  # by group; None where the alert is not known
        self._in_breach: dict[str, tuple[Evidence, ...]] = {}  # tests in breach, as of the newest window
        self._calm: dict[str, tuple[Evidence, ...]] = {}  # other tests, likewise
        self._has_data: dict[str, dict[str, bool]] = {}  # by window and shown group: whether there is enough data
        self._is_plainly_broken: dict[str, bool] = {}  # by window

    def show(self, window: str, groups: Iterable[TestedGroup], *, is_plainly_broken: bool) -> None:
        """Take in what all tests know, from a window.

        Args:
            window: Name of the window.
            groups: All groups of the attribute that the window names; others are in no breach.
            is_plainly_broken: Whether the window breaks the limit by the plain rules, without a test in breach.
        """
        before, self._breaches = self._breaches, {}
        self._in_breach, self._calm, has_data = {}, {}, {}
        for group in groups:
            tests = [test for test in group.evidence if test.alarm_s is not None]
            if tests:
                known = before.get(group.group, {})
                self._breaches[group.group] = {test.test: known.get(test.test) for test in tests}
            self._in_breach[group.group] = tuple(tests)
            self._calm[group.group] = tuple(test for test in group.evidence if test.alarm_s is None)
            if group.is_shown and group.evidence:
                has_data[group.group] = any(test.state is not State.INSUFFICIENT for test in group.evidence)
        self._has_data[window] = has_data
        self._is_plainly_broken[window] = is_plainly_broken

    def open(self, alert: Alert) -> None:
        """Take in an alarm."""
        self._breaches.setdefault(alert.group, {})[alert.test] = alert

    def close(self, alert: Alert) -> bool:
        """Take in a recovery; return whether no pair is in breach any more."""
        tests = self._breaches.get(alert.group, {})
        tests.pop(alert.test, None)
        if not tests:
            self._breaches.pop(alert.group, None)
        return not self.is_open()

    def is_open(self) -> bool:
        """Return whether a pair is in breach, shown or not."""
        return bool(self._breaches)

    def alarmed_s(self) -> int | None:
        """Return when the first alarm of the open breaches was raised, event time; None if that is not known."""
        alerts = [alert for tests in self._breaches.values() for alert in tests.values()]
        return min((alert.at_s for alert in alerts if alert is not None), default=None)

    def restore(self, alert: Alert) -> None:
        """Take in the alert of a breach that another process saw; windows that closed since may have ended it."""
        if not self._has_data or alert.test in self._breaches.get(alert.group, {}):
            self.open(alert)

    def state(self) -> State:
        """Return the worst state that may be shown."""
        if any(map(self._is_shown, self._breaches)) or any(self._is_plainly_broken.values()):
            return State.BREACH
        shown = {group: has_data for window in self._has_data.values() for group, has_data in window.items()}
        if any(_is_near(test) for group in shown for test in self._calm.get(group, ())):
            return State.WARNING
        has_data = any(has_data for window in self._has_data.values() for has_data in window.values())
        return State.OK if has_data else State.INSUFFICIENT

    def onset(self) -> Onset:
        """Return the earliest onset of a breach, or of a warning without one, with its interval."""
        onsets: list[Onset] = []
        for group, tests in self._breaches.items():
            alerts = [alert for alert in tests.values() if alert is not None]
            sources: Iterable[Alert | Evidence] = alerts or self._in_breach.get(group, ())
            onsets += [_onset_of(source) for source in sources if self._is_shown(group)]
        if not onsets and self.state() is State.WARNING:
            onsets = [_onset_of(test) for tests in self._calm.values() for test in tests if _is_near(test)]
        return min(
            (onset for onset in onsets if onset[0] is not None), key=lambda onset: onset[0] or 0, default=_NO_ONSET
        )

    def alerts(self) -> list[Alert]:
        """Return the newest alert of each pair that is in breach and may be shown."""
        known = ([alert for alert in tests.values() if alert is not None] for tests in self._breaches.values())
        newest = [max(alerts, key=lambda alert: alert.at_s) for alerts in known if alerts]
        return [alert for alert in newest if not is_small(alert.n, alert.n_reference, self._k)]

    def n_in_breach(self) -> int:
        """Return how many groups are in breach and may be shown."""
        return sum(map(self._is_shown, self._breaches))

    def _is_shown(self, group: str) -> bool:
        """Return whether a pair may be shown: by the cases of some window, or by those since its onset."""
        alerts = [alert for alert in self._breaches.get(group, {}).values() if alert is not None]
        return any(group in shown for shown in self._has_data.values()) or any(
            not is_small(alert.n, alert.n_reference, self._k) for alert in alerts
        )


def _is_near(test: Evidence) -> bool:
    """Return whether a test may be about to raise an alarm; the interval of a window alone is not enough."""
    is_warning = test.state is State.WARNING and test.log10_e is not None
    return is_warning and (test.log10_e or 0.0) >= test.log10_threshold - _NEAR_LOG10


def _onset_of(source: Alert | Evidence) -> Onset:
    return source.onset_s, source.onset_earliest_s, source.onset_latest_s
