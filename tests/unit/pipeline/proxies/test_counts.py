"""Every decision counts for each group by its probability, and small groups are hidden."""

from __future__ import annotations

import msgspec
import pytest

from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.shown import disclose_window
from stream_app.pipeline.records.results import ProxyValues
from tests.support.estimated_groups import Estimated, by_minute, decisions, newest, policy, rows_of
from tests.support.feeds import START_S, Run, play


def test_every_decision_counts_for_each_group_by_its_probability(run: Run) -> None:
    result = newest(run, "total")
    made = decisions(40_000, unfair=range(15_000, 30_000))
    rows = rows_of(result)
    assert list(rows) == ["white", "black", "unknown"]
    assert result.n == len(made)
    for group in ("white", "black"):
        n = sum(decision.p[group] for decision in made)
        favorable = sum(decision.p[group] for decision in made if decision.is_approved)
        assert rows[group].n == pytest.approx(n, abs=1)
        assert rows[group].rate == pytest.approx(favorable / n, abs=1e-4)
        squares, proxy = sum(decision.p[group] ** 2 for decision in made), rows[group].proxy
        assert isinstance(proxy, ProxyValues)
        assert proxy.n_effective == pytest.approx(n * n / squares, rel=1e-3)
    assert rows["unknown"].n == pytest.approx(0.02 * len(made), abs=2)
    assert rows["unknown"].proxy is msgspec.UNSET
    black, white = rows["black"].rate or 0, rows["white"].rate or 1
    assert rows["black"].disparate_impact_ratio == pytest.approx(black / white)


def test_a_running_total_has_no_interval_of_chance_and_keeps_the_range(run: Run) -> None:
    shown = disclose_window(newest(run, "total"), 5)
    for group in shown.groups:
        assert (group.rate_bounds, group.ratio_bounds, group.gap_bounds) == (None, None, None)
    assert shown.groups[1].proxy is not msgspec.UNSET
    window = disclose_window(newest(run, "1m"), 5)
    assert window.groups[1].ratio_bounds is not None


def test_a_group_of_few_expected_members_is_hidden_with_everything_about_it() -> None:
    rare = [
        Estimated(number, START_S + number // 10, "", number % 2 == 0, {"white": 0.9, "black": 0.005})
        for number in range(600)
    ]
    result = newest(play(by_minute(rare), policy()), "1m")
    white, black, *_ = disclose_window(result, 5).groups
    assert (black.hidden, black.n, black.proxy) == ("small_cell", None, msgspec.UNSET)
    assert rows_of(result)["black"].state is State.INSUFFICIENT
    assert white.state is None
