"""The simulated streams of the project with a fixed seed and start; beside ``run`` and ``replays`` its only names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from producers.camera import simulate_camera
from producers.credit import Drifts, simulate_credit
from producers.disorder import Disorder
from producers.drift import parse_drift
from producers.loans import releases, simulate_loans

from producers.event import Event
from producers.timeline import Timeline

START_S = 1_790_002_710  # 90 s before a full hour, so that a window of an hour ends in the middle


class Sent(NamedTuple):
    """A record on its way to a raw topic.

    Attributes:
        key: Decides the partition.
        value: The record; None is a tombstone.
        at_ms: When the broker takes it, milliseconds since the epoch.
        is_outcome: Whether it goes to the topic of outcomes.
    """

    key: bytes
    value: bytes | None
    at_ms: int
    is_outcome: bool = False


def loans(n: int, spacing_s: float, drift: str, seed: int = 6) -> Iterator[Sent]:
    """Yield loans of releases that follow the drift, some of them late, some sent twice."""
    events = islice(simulate_loans(seed, _timeline(spacing_s), parse_drift(drift), releases()), n)
    disorder = Disorder(seed, late_share=0.03, repeat_share=0.02, late_by_s=30.0)
    return _sent(disorder.disturb(events))


def credit(n: int, spacing_s: float, label_drift: str, seed: int = 4) -> Iterator[Sent]:
    """Yield decisions by a score, and their outcomes within 40 seconds, some records sent twice."""
    drifts = Drifts(label=parse_drift(label_drift))
    events = simulate_credit(seed, _timeline(spacing_s), drifts, n=n, longest_delay_s=40.0)
    disorder = Disorder(seed, late_share=0.02, repeat_share=0.02, late_by_s=12.0)
    return _sent(disorder.disturb(events))


def camera(n: int, spacing_s: float, seed: int = 11) -> Iterator[Sent]:
    """Yield tracks of a camera, some of them late, some sent twice."""
    events = islice(simulate_camera(seed, _timeline(spacing_s)), n)
    disorder = Disorder(seed, late_share=0.02, repeat_share=0.02, late_by_s=30.0)
    return _sent(disorder.disturb(events))


def _timeline(spacing_s: float) -> Timeline:
    return Timeline(START_S * 1000, spacing_s)


def _sent(events: Iterable[Event]) -> Iterator[Sent]:
    """Let the broker take each event 40 ms after the newest one before it was made."""
    newest_ms = 0
    for event in events:
        newest_ms = max(newest_ms, event.time_ms)
        yield Sent(event.key, event.value, newest_ms + 40, event.is_outcome)
