"""Seeded streams: the same arguments give the same bytes.

Drift is a schedule of levels from 0 (fair) to 1: ``0@0,0.8@60s`` is fair for a minute of event time and then at level
0.8; ``0..0.8@60s-300s`` rises from minute 1 to minute 5; ``0.8@5000`` starts with event 5000.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import msgspec

from producers.event import Event
from producers.simulated.camera import simulate_camera
from producers.simulated.credit import CreditDrift, simulate_credit
from producers.simulated.disorder import Disorder
from producers.simulated.drift import DriftSchedule, parse_drift
from producers.simulated.loans import female_rate, releases, simulate_loans
from producers.timeline import Timeline

__all__ = ["camera_events", "credit_events", "disturb", "female_rate", "loan_events", "read_event"]

START = datetime(2026, 1, 1, tzinfo=UTC)


def loan_events(
    n: int,
    *,
    seed: int = 0,
    drift: str | None = None,
    start: datetime = START,
    event_rate: float = 50.0,
    with_versions: bool = False,
) -> Iterator[Event]:
    """Yield loan decisions for the shipped policy ``loans``.

    At drift level L men are approved with rate 0.70 and women with rate 0.70 - 0.4 L (``female_rate``); the drift is
    largest for personal loans and for Black women.

    Args:
        n: Events, >= 0.
        seed: Whole number >= 0.
        drift: Drift schedule; None is fair.
        start: Event time of the first event, with a time zone.
        event_rate: Events per second of event time, > 0.
        with_versions: Whether each event names the version of the model; each stage of the drift is a release.

    Raises:
        ConfigError: The drift schedule cannot be read.
        ValueError: ``start`` has no time zone, or a number is outside its range.

    >>> event = read_event(next(loan_events(1, seed=7)))
    >>> event["gender"], event["approved"], event["ts"]
    ('female', True, '2026-01-01T00:00:00.000Z')
    """
    version_of = releases() if with_versions else None
    return islice(simulate_loans(seed, _timeline(start, event_rate, n), _schedule(drift), version_of), n)


def credit_events(
    n: int,
    *,
    seed: int = 0,
    label_drift: str | None = None,
    score_drift: str | None = None,
    start: datetime = START,
    event_rate: float = 50.0,
    longest_delay_s: float = 60.0,
    is_denied_known: bool = False,
) -> Iterator[Event]:
    """Yield credit decisions and their outcomes for the shipped policy ``credit``, in order of event time.

    Args:
        n: Decisions, >= 0; outcomes come on top and have ``is_outcome`` set.
        seed: Whole number >= 0.
        label_drift: Drift schedule of the outcomes: approved women repay less often than their scores say.
        score_drift: Drift schedule of the scores: women get lower scores than their chances.
        start: Event time of the first decision, with a time zone.
        event_rate: Decisions per second of event time, > 0.
        longest_delay_s: Longest time from a decision to its outcome, seconds, > 0.
        is_denied_known: Whether denied cases have outcomes too.

    Raises:
        ConfigError: A drift schedule cannot be read.
        ValueError: ``start`` has no time zone, or a number is outside its range.

    >>> events = list(credit_events(100, seed=7))
    >>> len(events), sum(event.is_outcome for event in events) > 20
    (165, True)
    """
    return simulate_credit(
        seed,
        _timeline(start, event_rate, n),
        CreditDrift(_schedule(label_drift), _schedule(score_drift)),
        n=n,
        longest_delay_s=longest_delay_s,
        is_denied_known=is_denied_known,
    )


def camera_events(n: int, *, seed: int = 0, start: datetime = START, event_rate: float = 50.0) -> Iterator[Event]:
    """Yield camera events for the shipped policy ``camera``.

    Args:
        n: Events, >= 0.
        seed: Whole number >= 0.
        start: Event time of the first event, with a time zone.
        event_rate: Events per second of event time, > 0.

    Raises:
        ValueError: ``start`` has no time zone, or a number is outside its range.

    >>> sorted(read_event(next(camera_events(1))))[:3]
    ['bbox', 'camera_id', 'class']
    """
    return islice(simulate_camera(seed, _timeline(start, event_rate, n)), n)


def disturb(
    events: Iterable[Event],
    *,
    seed: int = 0,
    late_share: float = 0.0,
    duplicate_share: float = 0.0,
    late_by_s: float = 10.0,
) -> Iterator[Event]:
    """Yield events as real pipelines deliver them: some late, some twice.

    Args:
        events: Events in order of event time.
        seed: Whole number >= 0.
        late_share: Probability that an event is delayed, in [0, 1].
        duplicate_share: Probability that an event is sent twice, in [0, 1].
        late_by_s: Longest delay, seconds of event time, > 0.

    >>> len(list(disturb(loan_events(100), duplicate_share=1.0)))
    200
    """
    disorder = Disorder(seed, late_share=late_share, duplicate_share=duplicate_share, late_by_s=late_by_s)
    return disorder.disturb(events)


def read_event(event: Event) -> dict[str, Any]:
    """Return the record of an event as a dictionary.

    Args:
        event: One event of a stream.

    >>> read_event(Event(b"A-1", b'{"application_id":"A-1"}', 0))
    {'application_id': 'A-1'}
    """
    return msgspec.json.decode(event.value, type=dict[str, Any])


def _timeline(start: datetime, event_rate: float, n: int) -> Timeline:
    if start.tzinfo is None:
        raise ValueError("start has no time zone")
    if event_rate <= 0 or n < 0:
        raise ValueError("needed: event_rate > 0 and n >= 0")
    return Timeline(round(start.timestamp() * 1000), 1 / event_rate)


def _schedule(drift: str | None) -> DriftSchedule:
    return DriftSchedule() if drift is None else parse_drift(drift, "drift")
