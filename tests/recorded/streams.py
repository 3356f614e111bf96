"""The simulated streams of the product with a fixed seed and start time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from producers.event import Event
from producers.simulated.camera import simulate_camera
from producers.simulated.credit import CreditDrift, simulate_credit
from producers.simulated.disorder import Disorder
from producers.simulated.drift import parse_drift
from producers.simulated.loans import releases, simulate_loans
from producers.timeline import Timeline

START_S = 1_790_002_710  # 90 s before a full hour, so that a one-hour window ends during the run


class SentRecord(NamedTuple):
    """A record on its way to a raw topic.

    Attributes:
        key: The key, which determines the partition.
        value: The record. None is a tombstone.
        at_ms: When the broker appends it, in milliseconds since the epoch.
        is_outcome: Whether it goes to the topic of outcomes.
    """

    key: bytes
    value: bytes | None
    at_ms: int
    is_outcome: bool = False


def loans(n: int, spacing_s: float, drift: str, seed: int = 6) -> Iterator[SentRecord]:
    """Yield loan decisions of releases that follow the drift, some late and some sent twice."""
    events = islice(simulate_loans(seed, _timeline(spacing_s), parse_drift(drift), releases()), n)
    disorder = Disorder(seed, late_share=0.03, duplicate_share=0.02, late_by_s=30.0)
    return _sent(disorder.disturb(events))


def credit(n: int, spacing_s: float, label_drift: str, seed: int = 4) -> Iterator[SentRecord]:
    """Yield credit decisions and their outcomes within 40 s, some late and some sent twice."""
    drifts = CreditDrift(label=parse_drift(label_drift))
    events = simulate_credit(seed, _timeline(spacing_s), drifts, n=n, longest_delay_s=40.0)
    disorder = Disorder(seed, late_share=0.02, duplicate_share=0.02, late_by_s=12.0)
    return _sent(disorder.disturb(events))


def camera(n: int, spacing_s: float, seed: int = 11) -> Iterator[SentRecord]:
    """Yield tracks of a camera, some late and some sent twice."""
    events = islice(simulate_camera(seed, _timeline(spacing_s)), n)
    disorder = Disorder(seed, late_share=0.02, duplicate_share=0.02, late_by_s=30.0)
    return _sent(disorder.disturb(events))


def _timeline(spacing_s: float) -> Timeline:
    return Timeline(START_S * 1000, spacing_s)


def _sent(events: Iterable[Event]) -> Iterator[SentRecord]:
    """Yield each event as appended 40 ms after the newest event time so far."""
    newest_ms = 0
    for event in events:
        newest_ms = max(newest_ms, event.time_ms)
        yield SentRecord(event.key, event.value, newest_ms + 40, event.is_outcome)
