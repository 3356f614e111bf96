"""The input of a run: simulated loans, some late, some sent twice, some that must be rejected."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from producers.event import Event
from producers.simulated.disorder import Disorder
from producers.simulated.drift import parse_drift
from producers.simulated.loans import releases, simulate_loans
from producers.timeline import Timeline
from tests.programs.chaos.schedule import Plan

_FAULTY_SHARE = 0.01


def _replace(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda value: value.replace(old, new)


# Faults of the record, which must be rejected, and odd values, which must be counted.
FAULTS: tuple[Callable[[bytes], bytes], ...] = (
    lambda value: value[:-1],  # no JSON
    lambda _: b"",
    lambda _: b'["a list"]',
    lambda value: b"\xff" + value,
    _replace(b'"approved":', b'"decision":'),  # one field missing, one unknown
    _replace(b'"approved":', b'"approved":null,"approved":'),  # one key twice
    _replace(b'"approved":true', b'"approved":"true"'),  # changes approvals only
    _replace(b'"credit_score":', b'"credit_score":9'),  # out of range
    _replace(b'"ts":"20', b'"ts":"21'),  # a hundred years ahead
    _replace(b'"application_id":"', b'"application_id":"","applicant_id":"'),
)
ODDITIES: tuple[Callable[[bytes], bytes], ...] = (
    _replace(b'"gender":"female"', b'"gender":"unlisted"'),
    _replace(b'"gender":"male"', b'"gender":" MALE "'),
    _replace(b'"race":"white"', b'"race":null'),
    _replace(b'"product":"home"', b'"product":"boat"'),
)


def spoil(events: Iterable[Event], draws: random.Random, share: float = _FAULTY_SHARE) -> Iterator[Event]:
    """Make a share of the events faulty or odd, half and half."""
    for event in events:
        if draws.random() < share:
            change = draws.choice(draws.choice((FAULTS, ODDITIES)))
            yield event._replace(value=change(event.value))
        else:
            yield event


def disturbed_events(plan: Plan, now_s: float | None = None) -> Iterator[Event]:
    """Yield the events of a run; event time ends about where sending ends."""
    now_ms = round((time.time() if now_s is None else now_s) * 1000)
    lasts_ms = round(1000 * plan.n_events * max(1 / plan.event_rate - 1 / plan.rate, 0.0))
    timeline = Timeline(now_ms - lasts_ms, 1 / plan.event_rate)
    loans = islice(simulate_loans(plan.seed, timeline, parse_drift("0..0.8@60s-300s"), releases()), plan.n_events)
    disorder = Disorder(plan.seed, late_share=0.03, duplicate_share=0.02, late_by_s=30.0)
    return spoil(disorder.disturb(loans), random.Random(plan.seed))
