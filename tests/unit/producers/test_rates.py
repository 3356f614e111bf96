"""Simulated interest rates: reproducible, fair without drift, and dearer for women with it."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

import numpy as np
import pytest

from producers.simulated.amounts.rates import DRIFT_EFFECT, simulate_rates
from producers.simulated.drift import parse_drift
from producers.timeline import Timeline
from stream_app.policy import load_policy

TIMELINE = Timeline(1_795_449_600_000, 0.01)


def loans(drift: str, n: int, seed: int = 1) -> list[dict[str, Any]]:
    return [json.loads(event.value or b"") for event in islice(simulate_rates(seed, TIMELINE, parse_drift(drift)), n)]


def mean_rate(records: list[dict[str, Any]], gender: str) -> float:
    return float(np.mean([record["rate"] for record in records if record["gender"] == gender]))


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, again, other = (
        [event.value for event in islice(simulate_rates(seed, TIMELINE, parse_drift("0.5")), 5000)]
        for seed in (3, 3, 4)
    )
    assert first == again != other


def test_drift_raises_the_rates_of_women_alone() -> None:
    fair, unfair = loans("0", 40_000), loans("1", 40_000)
    assert mean_rate(fair, "female") == pytest.approx(mean_rate(fair, "male"), abs=0.15)
    assert mean_rate(unfair, "female") - mean_rate(fair, "female") == pytest.approx(DRIFT_EFFECT, abs=0.02)
    for before, after in zip(fair, unfair, strict=True):
        is_same = after["rate"] == before["rate"]
        assert is_same or (after["gender"], after["rate"] > before["rate"]) == ("female", True)
        assert {**before, "rate": 0} == {**after, "rate": 0}


def test_the_shipped_policy_fits_the_stream() -> None:
    [model] = load_policy("rates").models
    records = loans("1", 20_000)
    assert model.decision is not None
    low, high = model.decision.range
    assert all(low <= record["rate"] <= high for record in records)
    for attribute in model.attributes:
        assert {record[attribute.path] for record in records} == set(attribute.groups)
    assert model.segment is not None
    assert {record[model.segment.path] for record in records} == set(model.segment.values)
