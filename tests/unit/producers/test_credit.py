"""The simulator of scores and late outcomes: repeatable, calibrated, and unfair only as asked."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from math import sqrt
from typing import Any

import pytest

from producers.event import Event
from producers.fit import check_fit
from producers.simulated.credit import (
    CUT,
    EVENTS_PER_DECISION,
    EVENTS_PER_KNOWN_CASE,
    KNOWN_SHARE,
    CreditDrift,
    simulate_credit,
)
from producers.simulated.drift import parse_drift
from producers.timeline import Timeline
from stream_app.policy import load_policy

START = Timeline(1_795_449_600_000, 0.01)
# A check fails by chance when a mean lies more than 5 standard errors off: probability 6e-7. About 70 such checks
# stand in this file, so a new seed would fail it with probability below 5e-5.
Z = 5.0
N = 40_000

Cases = list[tuple[dict[str, Any], dict[str, Any] | None]]


def take(n: int, *, seed: int = 42, label: str = "0", score: str = "0", delay_s: float = 60.0) -> list[Event]:
    drifts = CreditDrift(parse_drift(label), parse_drift(score))
    return list(simulate_credit(seed, START, drifts, n=n, longest_delay_s=delay_s))


def cases(events: list[Event]) -> Cases:
    """Bring each decision together with its outcome, if there is one."""
    outcomes = {event.key: json.loads(event.value) for event in events if event.is_outcome}
    return [(json.loads(event.value), outcomes.get(event.key)) for event in events if not event.is_outcome]


def is_near(successes: int, n: int, rate: float) -> bool:
    return abs(successes - n * rate) <= Z * sqrt(n * rate * (1 - rate))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not() -> None:
    assert take(500) == take(500)
    assert take(500) != take(500, seed=1)
    decisions = [event for event in take(5000) if not event.is_outcome]
    assert decisions[:500] == [event for event in take(500) if not event.is_outcome]


def test_the_bytes_of_seed_42_stay_the_same_from_version_to_version() -> None:
    digest = hashlib.sha256(b"\n".join(event.value for event in take(10_000, label="0.5", score="0.5")))
    assert digest.hexdigest()[:16] == "6d756ee7a9e6be30"


def test_events_come_in_order_of_event_time_and_an_outcome_follows_its_decision() -> None:
    events = take(3000)
    times = [event.time_ms for event in events]
    assert times == sorted(times)
    seen: set[bytes] = set()
    for event in events:
        assert event.is_outcome == (event.key in seen)
        seen.add(event.key)


def test_outcomes_come_for_granted_loans_only_within_the_longest_delay() -> None:
    events = take(N, delay_s=7.0)
    decided_ms = {event.key: event.time_ms for event in events if not event.is_outcome}
    delays_ms = [event.time_ms - decided_ms[event.key] for event in events if event.is_outcome]
    assert 0 < min(delays_ms) <= max(delays_ms) <= 7001
    granted = [(decision, outcome) for decision, outcome in cases(events) if decision["approved"]]
    assert is_near(sum(outcome is not None for _, outcome in granted), len(granted), KNOWN_SHARE)
    assert all(outcome is None for decision, outcome in cases(events) if not decision["approved"])
    assert len(events) / N == pytest.approx(EVENTS_PER_DECISION, abs=0.02)


def test_outcomes_of_denied_cases_are_included_on_request_and_nothing_else_changes() -> None:
    known = list(simulate_credit(42, START, CreditDrift(), n=N, longest_delay_s=60.0, is_denied_known=True))
    of_granted = {decision["application_id"] for decision, _ in cases(known) if decision["approved"]}
    assert [event for event in known if not event.is_outcome or event.key.decode() in of_granted] == take(N)
    rejected = [(decision, outcome) for decision, outcome in cases(known) if not decision["approved"]]
    ended = [(decision["score"], outcome["repaid"]) for decision, outcome in rejected if outcome is not None]
    assert is_near(len(ended), len(rejected), KNOWN_SHARE)
    assert is_near(sum(repaid for _, repaid in ended), len(ended), sum(score for score, _ in ended) / len(ended))
    assert len(known) / N == pytest.approx(EVENTS_PER_KNOWN_CASE, abs=0.02)


def test_a_loan_is_granted_from_the_cut_on() -> None:
    assert all(decision["approved"] == (decision["score"] >= CUT) for decision, _ in cases(take(N, score="0.7")))


def repayment(known: Cases, gender: str) -> dict[int, tuple[int, int, float]]:
    """Return repaid, known and the sum of scores by tenths of the score."""
    bins: dict[int, tuple[int, int, float]] = defaultdict(lambda: (0, 0, 0.0))
    for decision, outcome in known:
        if outcome is not None and decision["gender"] == gender:
            repaid, n, total = bins[int(decision["score"] * 10)]
            bins[int(decision["score"] * 10)] = (repaid + outcome["repaid"], n + 1, total + decision["score"])
    return bins


def test_without_drift_the_score_is_the_chance_of_repayment_for_women_and_men() -> None:
    known = cases(take(N))
    for gender in ("female", "male"):
        bins = repayment(known, gender)
        assert len(bins) == 5
        assert all(is_near(repaid, n, total / n) for repaid, n, total in bins.values())


def test_label_drift_makes_the_outcomes_of_women_worse_and_changes_nothing_else() -> None:
    fair, drifted = cases(take(N)), cases(take(N, label="0.5"))
    assert [decision for decision, _ in fair] == [decision for decision, _ in drifted]
    for gender, share in (("female", 0.8), ("male", 1.0)):
        bins = repayment(drifted, gender)
        assert all(is_near(repaid, n, share * total / n) for repaid, n, total in bins.values())


def test_a_score_shift_grants_fewer_loans_to_women_who_repay_more_often_than_their_score_says() -> None:
    fair, shifted = cases(take(N)), cases(take(N, score="0.5"))
    men = [[decision for decision, _ in own if decision["gender"] == "male"] for own in (fair, shifted)]
    assert men[0] == men[1]
    granted = [sum(d["approved"] for d, _ in own if d["gender"] == "female") for own in (fair, shifted)]
    n_women = N // 2
    assert is_near(granted[0], n_women, 1 - ((CUT - 0.02) / 0.97) ** 2)
    assert is_near(granted[1], n_women, 1 - ((CUT + 0.1 - 0.02) / 0.97) ** 2)
    for repaid, n, total in repayment(shifted, "female").values():
        assert is_near(repaid, n, min(1.0, total / n + 0.1))


def test_the_decisions_fit_the_shipped_policy() -> None:
    model = load_policy("credit").models[0]
    check_fit(take(1)[0], model, action="")
    assert model.score is not None
    assert model.score.cut == CUT
