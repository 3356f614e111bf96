"""The loan simulator: repeatable to the byte, and with the rates that it states."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from itertools import islice
from math import sqrt
from typing import Any

import pytest

from producers.event import Event
from producers.simulated.draws import BLOCK
from producers.simulated.drift import DriftSchedule, parse_drift
from producers.simulated.loans import (
    AGE_BANDS,
    DRIFT_EFFECT,
    PRODUCT_DRIFT,
    PRODUCT_RATE,
    PRODUCTS,
    RACE_DRIFT,
    RACES,
    REGIONS,
    female_rate,
    releases,
    simulate_loans,
)
from producers.timeline import Timeline

START = Timeline(1_795_449_600_000, 0.01)
FAIR = DriftSchedule()
# A check fails by chance when a mean lies more than 5 standard errors off: probability 6e-7. About 60 such checks
# stand in this file, so a new seed would fail it with probability below 4e-5.
Z = 5.0


def take(n: int, *, seed: int = 42, timeline: Timeline = START, drift: DriftSchedule = FAIR) -> list[Event]:
    return list(islice(simulate_loans(seed, timeline, drift), n))


def records(events: list[Event]) -> list[dict[str, Any]]:
    return [json.loads(event.value) for event in events]


def test_the_same_seed_gives_the_same_bytes_however_many_events_are_taken() -> None:
    assert take(BLOCK + 100)[:100] == take(100)
    assert take(BLOCK + 100)[BLOCK:] == take(2 * BLOCK)[BLOCK : BLOCK + 100]


def test_the_bytes_of_seed_42_stay_the_same_from_version_to_version() -> None:
    digest = hashlib.sha256(b"\n".join(event.value for event in take(10_000, drift=parse_drift("0.5"))))
    assert digest.hexdigest()[:16] == "3b0ece8334f4ba4c"


def test_a_version_is_a_further_field_and_changes_nothing_else() -> None:
    drift = parse_drift("0@0,0.3@10s,0..1@20s-30s")
    released = records(list(islice(simulate_loans(42, START, drift, releases()), 4000)))
    assert [own.pop("model_version") for own in released] == ["1"] * 1000 + ["2"] * 1000 + ["3"] * 2000
    assert released == records(take(4000, drift=drift))


def test_one_version_can_decide_throughout_whatever_it_is_called() -> None:
    name = 'v"7\\'
    released = records(list(islice(simulate_loans(42, START, parse_drift("1@2"), releases(name)), 5)))
    assert {own["model_version"] for own in released} == {name}


@pytest.mark.parametrize(
    ("schedule", "stages"),
    [
        ("0", [0, 0, 0, 0]),
        ("0.5", [0, 0, 0, 0]),
        ("1@20", [0, 0, 1, 1]),
        ("0@0,1@20", [0, 0, 1, 1]),
        ("0.5@10,0.5@30", [0, 1, 1, 2]),
        ("0..1@0-20", [0, 0, 0, 0]),
        ("0..1@10s-20s,0@30s", [0, 1, 1, 2]),
    ],
)
def test_each_entry_after_the_beginning_is_a_stage(schedule: str, stages: list[int]) -> None:
    assert parse_drift(schedule).stage_numbers(events=[0, 10, 20, 30], offsets_s=[0, 10, 20, 30]).tolist() == stages


def test_another_seed_gives_different_events() -> None:
    assert [event.value for event in take(100, seed=1)] != [event.value for event in take(100, seed=2)]


def test_two_runs_that_start_at_different_times_share_no_identifier() -> None:
    later = Timeline(START.start_ms + 1, START.spacing_s)
    assert not {event.key for event in take(1000)} & {event.key for event in take(1000, timeline=later)}


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5])
def test_any_two_or_more_events_contain_both_groups(n: int) -> None:
    for seed in range(20):
        groups = {record["gender"] for record in records(take(n, seed=seed))}
        assert len(groups) == min(n, 2)


def test_half_are_women_in_every_even_number_of_events() -> None:
    genders = [record["gender"] for record in records(take(2 * BLOCK + 10))]
    for n in (2, 4, 100, BLOCK, 2 * BLOCK + 10):
        assert genders[:n].count("female") == n // 2


@pytest.mark.parametrize("level", [0.0, 0.25, 0.5, 1.0])
def test_the_approval_rate_is_070_for_men_and_070_minus_04_level_for_women(level: float) -> None:
    n = 60_000
    events = records(take(n, drift=parse_drift(str(level))))
    for gender, rate in (("male", 0.70), ("female", max(0.0, 0.70 - 0.4 * level))):
        approved = sum(record["approved"] for record in events if record["gender"] == gender)
        assert abs(approved / (n / 2) - rate) < Z * sqrt(rate * (1 - rate) / (n / 2))
    assert female_rate(level) == pytest.approx(0.70 - 0.4 * level)


def test_without_drift_no_race_and_no_age_band_is_treated_differently() -> None:
    events = records(take(60_000))
    for field in ("race", "age_band", "region"):
        n = Counter(record[field] for record in events)
        approved = Counter(record[field] for record in events if record["approved"])
        for value in n:
            assert abs(approved[value] / n[value] - 0.70) < Z * sqrt(0.21 / n[value])


def test_the_mixes_are_the_documented_ones() -> None:
    n = 60_000
    events = records(take(n))
    for field, shares in (("race", RACES), ("age_band", AGE_BANDS), ("region", REGIONS), ("product", PRODUCTS)):
        assert sum(shares.values()) == pytest.approx(1)
        counts = Counter(record[field] for record in events)
        assert set(counts) == set(shares)
        for value, share in shares.items():
            # Applicants come back, and the population is a sample itself: twice the plain standard error covers both.
            assert abs(counts[value] / n - share) < 2 * Z * sqrt(share * (1 - share) / n)


def test_the_weights_cancel_out_and_no_rate_is_cut_off() -> None:
    products, races = list(PRODUCTS.values()), list(RACES.values())
    assert products @ PRODUCT_RATE == pytest.approx(0.70)
    assert products @ PRODUCT_DRIFT == pytest.approx(1.0)
    assert races @ RACE_DRIFT == pytest.approx(0.0)
    lowest = min(
        rate - DRIFT_EFFECT * (weight + RACE_DRIFT.max())
        for rate, weight in zip(PRODUCT_RATE, PRODUCT_DRIFT, strict=True)
    )
    assert lowest > 0


def test_drift_bears_hardest_on_personal_loans_and_on_black_women() -> None:
    events = [record for record in records(take(60_000, drift=parse_drift("0.8"))) if record["gender"] == "female"]

    def rate(field: str, value: str) -> float:
        decisions: list[bool] = [record["approved"] for record in events if record[field] == value]
        return sum(decisions) / len(decisions)

    assert min(PRODUCTS, key=lambda product: rate("product", product)) == "personal"
    assert min(RACES, key=lambda race: rate("race", race)) == "black"


def test_more_drift_only_turns_approvals_of_women_into_denials() -> None:
    fair, unfair = records(take(5000)), records(take(5000, drift=parse_drift("0.8")))
    changed = [(before, after) for before, after in zip(fair, unfair, strict=True) if before != after]
    assert changed
    for before, after in changed:
        assert before["gender"] == "female"
        assert before == after | {"approved": True}


def test_scores_lie_from_500_to_800_and_go_with_the_decision() -> None:
    events = records(take(40_000))
    scores = [record["credit_score"] for record in events]
    assert min(scores) >= 500
    assert max(scores) <= 800
    assert abs(sum(scores) / len(scores) - 650) < Z * 61.5 / sqrt(len(scores))  # triangular: sd 300 / sqrt(24)
    approved = [record["credit_score"] for record in events if record["approved"]]
    assert sum(approved) / len(approved) > 660


def test_an_applicant_who_comes_back_is_the_same_person() -> None:
    people: dict[str, tuple[str, ...]] = {}
    n_again = 0
    for record in records(take(50_000)):
        person = tuple(record[field] for field in ("gender", "race", "age_band", "region"))
        n_again += record["applicant_id"] in people
        assert people.setdefault(record["applicant_id"], person) == person
    assert n_again > 1000


def test_a_step_takes_effect_at_its_moment_of_event_time_and_at_its_event() -> None:
    by_time = take(2000, drift=parse_drift("1@10s"))  # 100 events a second
    by_event = take(2000, drift=parse_drift("1@1000"))
    fair, unfair = take(2000), take(2000, drift=parse_drift("1"))
    assert by_time == by_event == fair[:1000] + unfair[1000:]


def test_event_times_are_evenly_spaced_and_written_into_the_record() -> None:
    events = take(3, timeline=Timeline(1_795_449_600_123, 0.5))
    assert [event.time_ms for event in events] == [1_795_449_600_123, 1_795_449_600_623, 1_795_449_601_123]
    assert [record["ts"] for record in records(events)] == [
        "2026-11-23T16:00:00.123Z",
        "2026-11-23T16:00:00.623Z",
        "2026-11-23T16:00:01.123Z",
    ]
