"""The e-values of dependent decisions, by enumeration of all outcomes: on the line of the rule no mean is above 1."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from stream_app.core.detection.betting.contrasts import Contrast, bet_on, contrast_of
from stream_app.core.detection.betting.moments import moment_evidence, record_moments
from stream_app.core.detection.betting.units import n_units_of, unit_contrasts, unit_evidence
from stream_app.core.detection.rules import RateRule, RuleKind

Floats = NDArray[np.float64]

RULES = [
    RateRule(RuleKind.RATIO, 0.8),
    RateRule(RuleKind.RATIO, 1.0),
    RateRule(RuleKind.RATIO, 1.25),
    RateRule(RuleKind.GAP, 0.2),
    RateRule(RuleKind.GAP, 0.0),
    RateRule(RuleKind.GAP, 0.6),
]
CASES = [(rule, is_recovery, seed) for rule in RULES for is_recovery in (False, True) for seed in range(20)]
USUAL_RATES = [(0.5, 0.5), (1e-4, 1e-4), (0.9999, 0.9999), (1e-4, 0.9999), (0.05, 0.06), (0.7, 0.72), (0.3, 0.95)]


def factors(rule: RateRule) -> tuple[float, float]:
    """Return r and m of a rule ``p_a >= r p_b - m``."""
    return (rule.limit, 0.0) if rule.kind is RuleKind.RATIO else (1.0, rule.limit)


def on_the_line(chances: Floats, slopes: Floats, m: float) -> Floats | None:
    """Move chances so that ``slopes @ chances == m``: the mean rates are on the line of the rule; None if none are."""
    missed = slopes @ chances - m
    corner = (slopes < 0 if missed > 0 else slopes > 0).astype(np.float64)
    if (reached := slopes @ corner - m) * missed > 0:
        return None
    share = 0.0 if missed == reached else missed / (missed - reached)
    moved: Floats = chances + share * (corner - chances)
    assert abs(slopes @ moved - m) < 1e-12
    return moved


def records_on_the_line(rule: RateRule, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw up to eight records: chances to belong to a and b, shape (2, n), and of y = 1, their means on the line."""
    (r, m), n_records = factors(rule), int(rng.integers(3, 9))
    while True:
        weights = rng.dirichlet([0.4, 0.4, 0.4], n_records).T[:2]
        n = weights.sum(axis=1)
        chances = on_the_line(rng.uniform(0, 1, n_records), r * weights[1] / n[1] - weights[0] / n[0], m)
        if chances is not None:
            return weights, chances


def means(log_e: Floats, chances: Floats) -> Floats:
    of_each: Floats = (np.exp(log_e) * chances).sum(axis=1)
    return of_each


def constants(rule: RateRule, seed: int, n: int, *, is_recovery: bool) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """Return limits, directions and usual rates, the same for n outcomes."""
    rates = np.repeat(np.array(USUAL_RATES[seed % len(USUAL_RATES)])[:, None], n, axis=1)
    return np.full(n, rule.limit), np.full(n, is_recovery), rates


@pytest.mark.parametrize(("rule", "is_recovery", "seed"), CASES)
def test_units_whose_decisions_are_all_alike_have_no_mean_above_1(
    rule: RateRule, seed: int, *, is_recovery: bool
) -> None:
    # In each unit all decisions about a group are the same, and those about both hang together as strongly as may be.
    rng = np.random.default_rng(seed)
    n_units, (r, m) = int(rng.integers(1, 6)), factors(rule)
    n = rng.integers(0, 6, (2, n_units))
    n[:, 0] += 1
    slopes = np.concatenate([-n[0] / n[0].sum(), r * n[1] / n[1].sum()])
    chances = on_the_line(rng.uniform(0, 1, 2 * n_units), slopes, m)
    assert chances is not None
    alpha, beta = chances.reshape(2, n_units)
    is_both = np.minimum(alpha, beta) if seed % 2 else np.maximum(alpha + beta - 1, 0.0)
    by_unit = np.stack([1 - alpha - beta + is_both, beta - is_both, alpha - is_both, is_both])  # neither, b, a, both
    which = np.array(list(itertools.product(range(4), repeat=n_units)))
    probability = by_unit[which, np.arange(n_units)].prod(axis=1)
    units = np.stack([(which >= 2) * n[0], n[0] + 0 * which, which % 2 * n[1], n[1] + 0 * which])
    limits, directions, rates = constants(rule, seed, len(which), is_recovery=is_recovery)
    sizes = units[1::2].sum(axis=-1)
    contrast = contrast_of(rule.kind, limits, directions, rates, sizes)
    contrasts = unit_contrasts(contrast, units)
    alternatives = bet_on(rule.kind, limits, contrast, rates, rng.uniform(0.01, 9, 1), sizes, n_units_of(units))

    log_e, is_bet = unit_evidence(alternatives, contrasts)
    log_e_of_moments, _ = moment_evidence(
        contrast, alternatives, units.sum(axis=-1), contrasts.squares(), contrasts.furthest
    )

    assert probability.sum() == pytest.approx(1)
    assert (contrasts.xi >= -contrasts.furthest[:, None] * (1 + 1e-12)).all()
    assert (log_e[~is_bet] == 0).all()
    assert (means(log_e, probability) <= 1 + 1e-9).all()
    assert (means(log_e_of_moments, probability) <= 1 + 1e-9).all()


@pytest.mark.parametrize(("rule", "is_recovery", "seed"), CASES)
def test_records_of_uncertain_group_have_no_mean_above_1(rule: RateRule, seed: int, *, is_recovery: bool) -> None:
    rng = np.random.default_rng(seed)
    weights, chances = records_on_the_line(rule, rng)
    n, n_records = weights.sum(axis=1), len(chances)
    y = np.array(list(itertools.product((0, 1), repeat=n_records)))
    probability = np.where(y == 1, chances, 1 - chances).prod(axis=1)
    k = y @ weights.T
    of_a, of_b = (weights**2)[0], (weights**2)[1]
    squared = np.stack([y @ of_a, (1 - y) @ of_a, y @ of_b, (1 - y) @ of_b])
    limits, directions, rates = constants(rule, seed, len(y), is_recovery=is_recovery)
    sizes = np.repeat(n[:, None], len(y), axis=1)
    sums = np.stack([k[:, 0], sizes[0], k[:, 1], sizes[1]])
    contrast = contrast_of(rule.kind, limits, directions, rates, sizes)
    squares, furthest = record_moments(contrast, sizes, squared)
    alternatives = bet_on(rule.kind, limits, contrast, rates, rng.uniform(0.01, 9, 1), sizes, sizes)

    log_e, _ = moment_evidence(contrast, alternatives, sums, squares, furthest)

    # The bound holds for each outcome, against the contrasts of the records one by one.
    records = np.stack([y * weights[0], 0 * y + weights[0], y * weights[1], 0 * y + weights[1]])
    exact = unit_contrasts(contrast, records)
    assert (exact.squares() <= squares * (1 + 1e-12)).all()
    assert (exact.xi >= -furthest[:, None] * (1 + 1e-9)).all()
    assert (means(log_e, probability) <= 1 + 1e-9).all()


def test_q_of_decisions_about_one_group_each_is_exact() -> None:
    contrast = Contrast(np.array([0.8]), np.array([0.4]), np.array([0.5]), np.array([False]))
    decisions = np.zeros((4, 1, 12))
    decisions[1, 0, :5] = decisions[0, 0, :2] = 1  # 2 of 5 about a
    decisions[3, 0, 5:] = decisions[2, 0, 5:9] = 1  # 4 of 7 about b
    squares, _ = record_moments(contrast, np.array([[5.0], [7.0]]), np.array([[2.0], [3.0], [4.0], [3.0]]))

    assert unit_contrasts(contrast, decisions).squares() == pytest.approx(squares)


def test_a_period_does_not_depend_on_those_beside_it() -> None:
    rng = np.random.default_rng(7)
    n = rng.integers(0, 30, (2, 40, 65))
    units = np.stack([rng.binomial(n[0], 0.5), n[0], rng.binomial(n[1], 0.7), n[1]])

    def evidence(rows: slice) -> Floats:
        mine = np.ascontiguousarray(units[:, rows])
        n_rows = mine.shape[1]
        limits, rates = np.full(n_rows, 0.8), np.repeat([[0.5], [0.7]], n_rows, axis=1)
        sizes = mine[1::2].sum(axis=-1)
        contrast = contrast_of(RuleKind.RATIO, limits, np.zeros(n_rows, np.bool_), rates, sizes)
        alternatives = bet_on(RuleKind.RATIO, limits, contrast, rates, np.ones(n_rows), sizes, n_units_of(mine))
        return unit_evidence(alternatives, unit_contrasts(contrast, mine))[0]

    together = evidence(slice(None))
    assert all((evidence(slice(row, row + 1))[:, 0] == together[:, row]).all() for row in range(40))
