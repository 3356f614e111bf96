"""The last alert of each test in the judge's state: one entry for each test that ever raised an alarm."""

from __future__ import annotations

import msgspec
import pytest

from stream_app.errors import StateError
from stream_app.pipeline.judge.state import StateWriter, entries_by_model
from stream_app.pipeline.judge.stored.last_alerts import LastAlerts
from stream_app.pipeline.records.alerts import Alert, NamedTest
from stream_app.pipeline.records.evidence import PairTest
from tests.support.sample_alert import ALERT

OTHER = msgspec.structs.replace(ALERT, group="a|b", test=PairTest.GAP_LOW, at_s=120)


def stored(alerts: LastAlerts, state: dict[bytes, bytes]) -> LastAlerts:
    """Write the changes as the engine does, and read them again."""
    for key, value in alerts.take_changes(StateWriter("m", {})):
        if value is None:
            state.pop(key, None)
        else:
            state[key] = value
    return LastAlerts(entries_by_model(state).get("m", {}))


def over(alert: Alert) -> Alert:
    return msgspec.structs.replace(alert, change="recovery", at_s=alert.at_s + 600)


def test_the_alarm_of_a_test_is_stored_and_then_its_recovery() -> None:
    state: dict[bytes, bytes] = {}
    alerts = LastAlerts({})
    alerts.note([OTHER, ALERT])
    again = stored(alerts, state)
    assert again.alerts() == alerts.alerts() == [ALERT, OTHER]  # by time
    assert len(state) == 2
    again.note([over(ALERT)])
    assert stored(again, state).alerts() == [OTHER, over(ALERT)]
    assert len(state) == 2
    assert again.take_changes(StateWriter("m", {})) == []


def test_of_a_breach_within_one_flush_the_recovery_is_stored() -> None:
    alerts = LastAlerts({})
    alerts.note([ALERT, over(ALERT)])
    state: dict[bytes, bytes] = {}
    assert stored(alerts, state).alerts() == [over(ALERT)]
    assert len(state) == 1


def test_tests_that_another_policy_ended_are_forgotten() -> None:
    alerts = LastAlerts({})
    alerts.note([ALERT, OTHER])
    alerts.end([NamedTest("gender", "a|b", "gap_low"), NamedTest("race", "black", "ratio_low")])
    assert alerts.alerts() == [ALERT]


def test_a_damaged_entry_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(StateError, match="last alerts cannot be read"):
        LastAlerts({("breach", "x"): [b"{"]})
