"""Silence is reported once, and so is its end."""

from __future__ import annotations

from stream_app.edges.notify.heartbeat import TIMEOUT_S, Heartbeat, HeartbeatChange
from tests.support.clocks import Clock


def test_each_change_between_alive_and_silent_is_reported_once() -> None:
    clock = Clock(0.0)
    heartbeat = Heartbeat(TIMEOUT_S, clock)
    assert heartbeat.beat() is HeartbeatChange.ALIVE
    assert heartbeat.beat() is None
    clock.now_s = TIMEOUT_S
    assert heartbeat.check() is None
    clock.now_s += 1
    assert heartbeat.check() is HeartbeatChange.SILENT
    assert heartbeat.check() is None
    assert heartbeat.silence_s == TIMEOUT_S + 1
    assert heartbeat.beat() is HeartbeatChange.ALIVE
    assert heartbeat.check() is None


def test_a_heartbeat_that_never_came_is_a_silence_too() -> None:
    clock = Clock(0.0)
    heartbeat = Heartbeat(TIMEOUT_S, clock)
    clock.now_s = TIMEOUT_S + 1
    assert heartbeat.check() is HeartbeatChange.SILENT
