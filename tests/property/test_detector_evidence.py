"""What the false-alarm bound rests on, by enumeration of all outcomes: evidence has no mean above its due."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence

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


recoveries = pytest.mark.parametrize("is_recovery", [False, True], ids=["alarm", "recovery"])


@recoveries
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


@recoveries
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


class Adversary:
    """Chooses the chance of each decision by all outcomes before it, so that every period keeps the rule on average.

    Each period has means of its own, on the limit or inside, which depend on the outcomes of earlier periods; inside a
    period the chances differ from decision to decision, and depend on the outcomes so far.

    Args:
        rule: The rule that is kept, or kept broken where a recovery is tested.
        is_recovery: Whether the rule is broken all the time.
        seed: Of its choices.
    """

    def __init__(self, rule: RateRule, *, is_recovery: bool, seed: int) -> None:
        self._rule, self._is_recovery, self._seed = rule, is_recovery, seed

    def means(self, history: tuple[int, ...]) -> tuple[float, float]:
        """Return the mean chances of a and b in the period after this history."""
        points = border_and_inside(self._rule, is_recovery=self._is_recovery, seed=hash((self._seed, history)) % 2**31)
        at = hash((self._seed, history, 1)) % points.shape[1]
        return float(points[0, at]), float(points[1, at])

    def chance(self, history: tuple[int, ...], left: float, n_left: int) -> float:
        """Return the chance of the next decision of a group, whose chances still have to sum to ``left``."""
        low, high = max(0.0, left - (n_left - 1)), min(1.0, left)
        return low + (high - low) * random.Random(hash((self._seed, history, 2))).random()

    def paths(self, sizes: Sequence[tuple[int, int]]) -> Iterator[tuple[float, list[tuple[int, int]]]]:
        """Yield every sequence of outcomes: its probability, and favorable decisions of a and b in each period."""
        yield from self._periods((), 1.0, [], sizes)

    def _periods(
        self, history: tuple[int, ...], probability: float, k: list[tuple[int, int]], sizes: Sequence[tuple[int, int]]
    ) -> Iterator[tuple[float, list[tuple[int, int]]]]:
        if not sizes:
            yield probability, k
            return
        (n_a, n_b), *later = sizes
        p_a, p_b = self.means(history)
        order = "ab" * min(n_a, n_b) + "a" * (n_a - n_b) + "b" * (n_b - n_a)
        for end, reached, k_a, k_b in self._decisions(history, probability, order, {"a": p_a * n_a, "b": p_b * n_b}):
            yield from self._periods(end, reached, [*k, (k_a, k_b)], later)

    def _decisions(
        self,
        history: tuple[int, ...],
        probability: float,
        order: str,
        left: dict[str, float],
        k: tuple[int, int] = (0, 0),
    ) -> Iterator[tuple[tuple[int, ...], float, int, int]]:
        if not order:
            yield history, probability, *k
            return
        group, later = order[0], order[1:]
        chance = self.chance(history, left[group], order.count(group))
        rest = left | {group: left[group] - chance}
        won = (k[0] + 1, k[1]) if group == "a" else (k[0], k[1] + 1)
        yield from self._decisions((*history, 1), probability * chance, later, rest, won)
        yield from self._decisions((*history, 0), probability * (1 - chance), later, rest, k)


SMALL_SIZES = [(1, 1), (1, 4), (3, 2), (2, 5), (4, 4)]


@recoveries
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_whatever_happens_inside_a_period_whose_means_keep_the_rule_its_mean_e_value_is_one_at_most(
    rule: RateRule, *, is_recovery: bool
) -> None:
    highest = 0.0
    for seed, sizes in enumerate(SMALL_SIZES * 4):
        paths = list(Adversary(rule, is_recovery=is_recovery, seed=seed).paths([sizes]))
        assert math.fsum(probability for probability, _ in paths) == pytest.approx(1.0, abs=1e-12)
        n_a, n_b = sizes
        block = np.array([[k_a, n_a, k_b, n_b] for _, [(k_a, k_b)] in paths], dtype=np.float64).T
        m = len(paths)
        for usual in USUAL_RATES:
            rates = np.repeat(np.array(usual)[:, None], m, axis=1)
            log_e, is_bet = block_evidence(rule.kind, np.full(m, rule.limit), np.full(m, is_recovery), rates, block)
            for alternative in np.flatnonzero(is_bet[:, 0]):
                e = np.exp(log_e[alternative])
                mean = math.fsum(probability * float(value) for (probability, _), value in zip(paths, e, strict=True))
                highest = max(highest, mean)
    assert 0.9 < highest <= 1 + 1e-12


@recoveries
@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("n_others", [0, 3], ids=["alone", "among others"])
def test_over_any_sequence_of_periods_alarms_and_statistic_stay_below_the_decisions(
    rule: RateRule, n_others: int, *, is_recovery: bool
) -> None:
    sizes = [(2, 2), (0, 2), (1, 2), (2, 1)]
    c = 3.0  # so low that there are alarms, with restarts, on many paths
    for seed in range(3):
        paths = list(Adversary(rule, is_recovery=is_recovery, seed=seed).paths(sizes))
        m = len(paths)
        bank = DetectorBank([rule] * m, [math.log(c)] * m, log_recovery_threshold=math.log(c), has_lifecycle=False)
        bank.is_breach[:] = is_recovery
        counts = np.array([[(k[0], n[0], k[1], n[1]) for k, n in zip(ks, sizes, strict=True)] for _, ks in paths])
        taken = np.zeros(m)
        for at, (n_a, n_b) in enumerate(sizes):
            for change in bank.update(at, counts[:, at, None, :], n_a + n_b + n_others):
                taken[change.detector] += c
        statistic = bank.log_recovery if is_recovery else bank.log_sr
        left = np.where((statistic >= math.log(c)), 0.0, np.exp(statistic))
        mean = math.fsum(p * float(value) for (p, _), value in zip(paths, taken + left, strict=True))
        assert mean <= sum(n_a + n_b + n_others for n_a, n_b in sizes) * (1 + 1e-12)


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
