"""The alerts of open breaches in the judge's state: one entry for each test in breach."""

from __future__ import annotations

import msgspec
import pytest

from stream_app.errors import StateError
from stream_app.pipeline.judge.state import StateWriter, entries_by_model
from stream_app.pipeline.judge.stored.open_breaches import OpenBreaches
from stream_app.pipeline.records.alerts import Alert, NamedTest
from stream_app.pipeline.records.evidence import PairTest
from tests.support.sample_alert import ALERT

OTHER = msgspec.structs.replace(ALERT, group="a|b", test=PairTest.GAP_LOW, at_s=120)


def stored(breaches: OpenBreaches, state: dict[bytes, bytes]) -> OpenBreaches:
    """Write the changes of open breaches as the engine does, and read them again."""
    for key, value in breaches.take_changes(StateWriter("m", {})):
        if value is None:
            state.pop(key, None)
        else:
            state[key] = value
    return OpenBreaches(entries_by_model(state).get("m", {}))


def over(alert: Alert) -> Alert:
    return msgspec.structs.replace(alert, change="recovery", at_s=alert.at_s + 600)


def test_a_breach_is_stored_from_the_alarm_to_the_recovery() -> None:
    state: dict[bytes, bytes] = {}
    breaches = OpenBreaches({})
    breaches.note([OTHER, ALERT])
    again = stored(breaches, state)
    assert again.alerts() == breaches.alerts() == [ALERT, OTHER]  # by time
    assert len(state) == 2
    again.note([over(ALERT)])
    assert stored(again, state).alerts() == [OTHER]
    assert len(state) == 1
    assert again.take_changes(StateWriter("m", {})) == []


def test_a_breach_within_one_flush_leaves_nothing() -> None:
    breaches = OpenBreaches({})
    breaches.note([ALERT, over(ALERT)])
    state: dict[bytes, bytes] = {}
    assert stored(breaches, state).alerts() == []
    assert state == {}


def test_tests_that_another_policy_does_not_have_are_forgotten() -> None:
    breaches = OpenBreaches({})
    breaches.note([ALERT, OTHER])
    breaches.end([NamedTest("gender", "a|b", "gap_low"), NamedTest("race", "black", "ratio_low")])
    assert breaches.alerts() == [ALERT]


def test_a_damaged_entry_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(StateError, match="open breaches cannot be read"):
        OpenBreaches({("breach", "x"): [b"{"]})
