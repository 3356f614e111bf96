"""What less disparity costs: values counted person by person, fronts compared pair by pair, cuts found by search."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.mitigation.thresholds import Goal, choose_cuts
from stream_app.core.mitigation.trade_off import most_accurate, pareto_front, values_of

VALUES = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])


def people(seed: int, n_groups: int = 2, n: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    groups = np.concatenate([np.arange(n_groups), rng.integers(0, n_groups, n - n_groups)])
    scores = np.round(rng.random(n), 2)
    good = (rng.random(n) < scores - 0.2 * (groups == 0)).astype(np.int64)
    return groups, scores, good


def counts(groups: np.ndarray, outcomes: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    n_groups = int(groups.max()) + 1
    return np.array([[np.sum(chosen & (groups == g) & (outcomes == y)) for y in range(3)] for g in range(n_groups)])


@pytest.mark.parametrize("seed", range(5))
def test_bounds_are_what_the_best_and_the_worst_unknown_outcomes_give(seed: int) -> None:
    groups, scores, good = people(seed, n=12)
    outcomes, approved = np.where(scores > 0.4, 1 + good, 0), scores > np.median(scores)
    values = values_of(
        counts(groups, outcomes, approved)[np.newaxis] * 1.0, counts(groups, outcomes, scores >= 0) * 1.0
    )
    unknown = np.flatnonzero(outcomes == 0)
    accuracies, repayments = [], []
    for filled in product((0, 1), repeat=len(unknown)):
        truth = good.copy()
        truth[unknown] = filled
        accuracies.append(np.mean(truth == approved))
        repayments.append(np.mean(truth[approved]))
    assert [end[0] for end in values.accuracy] == pytest.approx([min(accuracies), max(accuracies)])
    assert [end[0] for end in values.repayment] == pytest.approx([min(repayments), max(repayments)])
    rates = [np.mean(approved[groups == g]) for g in (0, 1)]
    assert values.ratio[0] == pytest.approx(min(rates) / max(rates))


def test_a_rule_that_approves_nobody_has_no_ratio_and_is_never_best() -> None:
    everyone = np.array([[0.0, 5, 5], [0, 5, 5]])
    values = values_of(np.array([np.zeros((2, 3)), everyone]), everyone)
    assert np.isnan([values.ratio[0], values.repayment[0][0]]).all()
    assert pareto_front(values.ratio, *values.repayment).tolist() == [False, True]


@given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=8))
def test_a_rule_is_on_the_front_unless_another_is_surely_better(rules: list[tuple[float, float, float]]) -> None:
    rows = [(ratio, min(one, two), max(one, two)) for ratio, one, two in rules]
    expected = [
        not any(r >= ratio and low >= upper and (r > ratio or low > upper) for r, low, _ in rows)
        for ratio, _, upper in rows
    ]
    front = pareto_front(*(np.array(column) for column in zip(*rows, strict=True)))
    assert front.tolist() == expected
    assert any(expected)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("least", [0.0, 0.8, 1.0])
def test_no_pair_of_cuts_with_that_ratio_is_more_accurate(seed: int, least: float) -> None:
    groups, scores, good = people(seed)
    cuts = np.concatenate([[-np.inf], np.unique(scores), [np.inf]])
    by_cut = np.array([counts(groups, 1 + good, scores >= cut) for cut in cuts], float)
    everyone = by_cut[0]
    chosen = most_accurate(by_cut, everyone, least)
    values = values_of(chosen[np.newaxis], everyone)
    assert values.ratio[0] >= least - 1e-9
    for first, second in product(range(len(cuts)), repeat=2):
        pair = np.array([by_cut[first, 0], by_cut[second, 1]])
        rates = pair.sum(axis=1) / everyone.sum(axis=1)
        if rates.max() > 0 and rates.min() >= least * rates.max():
            rival = values_of(pair[np.newaxis], everyone)
            assert rival.accuracy[0][0] <= values.accuracy[0][0] + 1e-3  # the highest rate is on a grid


@pytest.mark.parametrize("seed", range(4))
def test_with_a_ratio_of_one_the_cuts_are_as_accurate_as_those_of_parity(seed: int) -> None:
    groups, scores, good = people(seed, n_groups=3)
    cuts = np.concatenate([[-np.inf], np.unique(scores), [np.inf]])
    by_cut = np.array([counts(groups, 1 + good, scores >= cut) for cut in cuts], float)
    parity = choose_cuts([(scores[groups == g], good[groups == g]) for g in range(3)], Goal.PARITY)
    assert parity is not None
    values = values_of(most_accurate(by_cut, by_cut[0], 1.0)[np.newaxis], by_cut[0])
    assert values.accuracy[0][0] == pytest.approx(parity.accuracy, abs=2e-3)
