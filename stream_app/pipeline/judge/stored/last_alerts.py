"""The last alert of each test as an entry of the judge's state, so that a new owner shows what the former one showed.

Breaches that are open, and recoveries: whether a person is notified depends on how long ago a breach ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from stream_app.core.windows.tally_changes import StateKey
from stream_app.errors import StateError
from stream_app.pipeline.judge.state import NEW_APP_ID, Changes, StateWriter, StoredEntries
from stream_app.pipeline.records.alerts import Alert, NamedTest, decode_alert, encode_alert

BREACH = "breach"


class LastAlerts:
    """The last alert of each test that ever raised an alarm: of its open breach, or of its recovery.

    A state that version 0.3 wrote has none: breaches that were open then have no alert here.

    Args:
        stored: The entries of a model in the changelog topic.

    Raises:
        StateError: an entry cannot be read.
    """

    def __init__(self, stored: StoredEntries) -> None:
        self._alerts: dict[StateKey, Alert] = {}
        self._changed: set[StateKey] = set()
        try:
            for entry, pieces in stored.items():
                if entry[0] == BREACH:
                    self._alerts[entry] = decode_alert(b"".join(pieces))
        except msgspec.MsgspecError:
            raise StateError("The last alerts cannot be read", action=NEW_APP_ID) from None

    def note(self, alerts: Iterable[Alert]) -> None:
        """Take in alarms and recoveries, in the order in which they were raised."""
        for alert in alerts:
            entry = _entry_of(NamedTest(alert.attribute, alert.group, alert.test.value))
            self._alerts[entry] = alert
            self._changed.add(entry)

    def end(self, tests: Iterable[NamedTest]) -> None:
        """Forget the alerts of tests whose breach another policy ended."""
        for entry in map(_entry_of, tests):
            if self._alerts.pop(entry, None) is not None:
                self._changed.add(entry)

    def alerts(self) -> list[Alert]:
        """Return the alerts, oldest first."""
        return sorted(self._alerts.values(), key=lambda alert: (alert.at_s, alert.attribute, alert.group, alert.test))

    def entries(self) -> dict[StateKey, bytes]:
        """Return every entry of the state."""
        return {entry: encode_alert(alert) for entry, alert in self._alerts.items()}

    def take_changes(self, writer: StateWriter) -> Changes:
        """Return the changed entries of the state since the last call."""
        changes: Changes = []
        for entry in sorted(self._changed, key=str):
            alert = self._alerts.get(entry)
            changes += writer.encode(entry, None if alert is None else encode_alert(alert))
        self._changed.clear()
        return changes


def _entry_of(test: NamedTest) -> StateKey:
    """Return the key of a test: a digest, since labels may contain the separator of keys."""
    return BREACH, hashlib.sha256("\0".join(test).encode()).hexdigest()[:16]
