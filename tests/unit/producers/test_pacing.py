"""Sending at a steady rate, on a clock that the test moves."""

from __future__ import annotations

import pytest

from producers.pacing import pace


class Clock:
    """A clock that moves only when someone waits, or when sending takes time."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.waits: list[float] = []

    def now(self) -> float:
        return self.now_s

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now_s += seconds


def test_without_a_rate_nothing_waits() -> None:
    clock = Clock()
    runs = list(pace(range(1200), 0.0, now=clock.now, wait=clock.wait))
    assert [len(run) for run in runs] == [500, 500, 200]
    assert [item for run in runs for item in run] == list(range(1200))
    assert clock.waits == []


@pytest.mark.parametrize("rate", [0.5, 1.0, 37.0, 1000.0, 200_000.0])
def test_each_run_is_sent_when_it_is_due(rate: float) -> None:
    clock = Clock()
    n_before = 0
    for run in pace(range(1000), rate, now=clock.now, wait=clock.wait):
        assert clock.now_s - 100.0 == pytest.approx(n_before / rate)
        n_before += len(run)
    assert n_before == 1000


def test_a_pause_is_made_up_for_so_that_the_total_rate_is_kept() -> None:
    clock = Clock()
    for number, _ in enumerate(pace(range(1000), 100.0, now=clock.now, wait=clock.wait)):
        if number == 3:
            clock.now_s += 2.0
    assert clock.now_s - 100.0 == pytest.approx(10.0, abs=0.03)


def test_slow_rates_send_one_at_a_time() -> None:
    clock = Clock()
    assert all(len(run) == 1 for run in pace(range(20), 10.0, now=clock.now, wait=clock.wait))
