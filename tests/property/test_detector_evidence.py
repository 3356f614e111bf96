"""What the false-alarm bound rests on, by enumeration of all outcomes: evidence has no mean above its due."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.betting.block import block_evidence
from stream_app.core.detection.rules import RateRule, RuleKind

Floats = NDArray[np.float64]

RULES = [
    RateRule(RuleKind.RATIO, 0.8),
    RateRule(RuleKind.RATIO, 1.0),
    RateRule(RuleKind.GAP, 0.2),
    RateRule(RuleKind.GAP, 0.0),
    RateRule(RuleKind.GAP, 0.0137),
]
SIZES = [(5, 5), (5, 25), (12, 7), (5, 90), (40, 20)]
USUAL_RATES = [(0.5, 0.5), (1e-4, 1e-4), (0.9999, 0.9999), (1e-4, 0.9999), (0.05, 0.06), (0.7, 0.72), (0.3, 0.95)]
FULL_COUNTS = 30_000


def border_and_inside(rule: RateRule, *, is_recovery: bool, seed: int) -> Floats:
    """Draw rates ``p_a, p_b`` that keep what is doubted, half of them on the border; shape (2, 60)."""
    rng = np.random.default_rng(seed)
    p_b = np.concatenate([rng.uniform(0, 1, 50), [0.0, 1.0, 5e-5, 0.9999, 1 - 5e-5, 1e-4, 0.2, 0.3, 0.98, 0.05]])
    line = rule.limit * p_b if rule.kind is RuleKind.RATIO else p_b - rule.limit
    share = rng.uniform(0, 1, 60)
    inside = line * share if is_recovery else line + (1 - line) * share
    p_a = np.where(rng.random(60) < 0.5, line, inside)
    feasible = (p_a >= 0) & (p_a <= 1)
    p_b = np.where(feasible, p_b, 0.8)
    p_a = np.where(feasible, p_a, rule.limit * 0.8 if rule.kind is RuleKind.RATIO else 0.8 - rule.limit)
    return np.stack([p_a, p_b])


def binomial(n: int, p: Floats) -> Floats:
    """Return the chance of each count, shape (len(p), n + 1)."""
    k = np.arange(n + 1)
    ways = np.array([math.comb(n, i) for i in k], dtype=np.float64)
    chances: Floats = ways * p[:, None] ** k * (1 - p[:, None]) ** (n - k)
    return chances


def outcomes(n_a: int, n_b: int) -> NDArray[np.int64]:
    """Return all blocks of one size, shape (4, (n_a + 1) (n_b + 1))."""
    k_a, k_b = (grid.ravel() for grid in np.meshgrid(np.arange(n_a + 1), np.arange(n_b + 1), indexing="ij"))
    return np.stack([k_a, np.full_like(k_a, n_a), k_b, np.full_like(k_b, n_b)])


def chances_of(sizes: tuple[int, int], p: Floats) -> Floats:
    """Return the chance of each of ``outcomes`` at each pair of rates, shape (pairs, outcomes)."""
    chances = np.einsum("pi,pj->pij", binomial(sizes[0], p[0]), binomial(sizes[1], p[1]))
    flat: Floats = chances.reshape(p.shape[1], -1)
    return flat


@pytest.mark.parametrize("is_recovery", [False, True], ids=["alarm", "recovery"])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_mean_e_value_of_a_block_is_one_at_most_wherever_the_rule_is_kept(
    rule: RateRule, *, is_recovery: bool
) -> None:
    n_points = 0
    for index, (sizes, usual) in enumerate((sizes, usual) for sizes in SIZES for usual in USUAL_RATES):
        block = outcomes(*sizes)
        m = block.shape[1]
        log_e, is_bet = block_evidence(
            rule.kind,
            np.full(m, rule.limit),
            np.full(m, is_recovery),
            np.repeat(np.array(usual)[:, None], m, axis=1),
            block.astype(np.float64),
        )
        p = border_and_inside(rule, is_recovery=is_recovery, seed=index)
        chances = chances_of(sizes, p)
        with np.errstate(divide="ignore", invalid="ignore"):
            # In logs, as a single e-value may be too large for a float while its chance is as small.
            logs = np.log(chances)[None] + log_e[:, None]
        means = np.exp(logs).sum(axis=2)
        assert means[is_bet[:, 0]].max(initial=0) <= 1 + 1e-9
        n_points += p.shape[1]
    assert n_points >= 1000


@pytest.mark.parametrize("is_recovery", [False, True], ids=["alarm", "recovery"])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_after_two_blocks_the_mean_statistic_is_the_number_of_decisions_at_most(
    rule: RateRule, *, is_recovery: bool
) -> None:
    first, second = (5, 6), (7, 5)
    one, other = outcomes(*first), outcomes(*second)
    n_paths = one.shape[1] * other.shape[1]
    never = 1e6
    bank = DetectorBank([rule] * n_paths, [never] * n_paths, log_recovery_threshold=never)
    bank.is_breach[:] = is_recovery
    bank.update(0, np.repeat(one.T, other.shape[1], axis=0)[:, None])
    bank.update(1, np.tile(other.T, (one.shape[1], 1))[:, None])
    statistic = np.exp(bank.log_recovery if is_recovery else bank.log_sr).reshape(one.shape[1], other.shape[1])
    p, p_later = (border_and_inside(rule, is_recovery=is_recovery, seed=seed) for seed in (1, 2))
    early, late = chances_of(first, p), chances_of(second, p_later)
    means = early @ statistic @ late.T  # every pair of early rates with every pair of late ones
    assert means.max() <= (sum(first) + sum(second)) * (1 + 1e-9)
    if not is_recovery:
        evidence = np.exp(bank.log_eproc).reshape(statistic.shape)
        assert (early @ evidence @ late.T).max() <= 1 + 1e-9


@st.composite
def panes(draw: st.DrawFn) -> NDArray[np.int64]:
    sizes = st.one_of(st.integers(0, 9), st.integers(0, FULL_COUNTS))
    n_a, n_b = draw(sizes), draw(sizes)
    k_a = draw(st.one_of(st.just(0), st.just(n_a), st.integers(0, n_a)))
    k_b = draw(st.one_of(st.just(0), st.just(n_b), st.integers(0, n_b)))
    return np.array([k_a, n_a, k_b, n_b])


@settings(max_examples=150, deadline=None)
@given(st.lists(panes(), max_size=25))
def test_whatever_comes_all_readings_are_finite(stream: list[NDArray[np.int64]]) -> None:
    bank = DetectorBank(RULES, [math.log(1e4)] * len(RULES))
    for at, pane in enumerate(stream):
        changes = bank.update(at, np.tile(pane, (len(RULES), 1, 1)))
        assert np.isfinite([bank.log_sr, bank.log_eproc, bank.log_recovery]).all()
        assert ((bank.onset_s >= -1) & (bank.onset_s <= at)).all()
        assert all(0 <= change.onset_s <= at and math.isfinite(change.log_evidence) for change in changes)
