"""The bank of groups with probabilities: on the line of the rule no e-value has a mean above 1, and its laws hold."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.betting.memberships import MembershipBettor
from stream_app.core.detection.membership_bank import MembershipBank
from stream_app.core.detection.rules import RateRule, RuleKind
from stream_app.core.groups.memberships import MembershipCounter, pair_sums
from stream_app.core.windows.cells import CellLayout
from stream_app.policy import PROBABILITY_SCALE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
RATIO, GAP = RateRule(RuleKind.RATIO, 0.8), RateRule(RuleKind.GAP, 0.2)


def sums_of(p: Ints, favorable: NDArray[np.bool_]) -> Ints:
    """Return the eight sums of records with probabilities of a and b in fixed point, shape (records, 2)."""
    k, n = (p * favorable[:, None]).sum(axis=0), p.sum(axis=0)
    fav, other = (p * p * favorable[:, None]).sum(axis=0), (p * p * ~favorable[:, None]).sum(axis=0)
    return np.array([k[0], n[0], k[1], n[1], fav[0], other[0], fav[1], other[1]])


@pytest.mark.parametrize("is_recovery", [False, True])
@pytest.mark.parametrize("kind", list(RuleKind))
@pytest.mark.parametrize("seed", range(12))
def test_the_mean_e_value_is_at_most_1_where_weighted_rates_are_on_the_limit(
    kind: RuleKind, seed: int, *, is_recovery: bool
) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 9))
    p = np.rint(rng.dirichlet([0.5, 0.5, 0.3], n)[:, :2] * (PROBABILITY_SCALE - 2)).astype(np.int64) + 1
    chance = rng.uniform(0.05, 0.95, n)
    rate = (p * chance[:, None]).sum(axis=0) / p.sum(axis=0)
    if rate[0] > rate[1]:  # a is the side that may be worse off
        p, rate = p[:, ::-1], rate[::-1]
    limit = float(rate[0] / rate[1]) if kind is RuleKind.RATIO else float(rate[1] - rate[0])
    mean = np.zeros(5)
    learned = rng.integers(1, 60, 4)
    for outcome in itertools.product((False, True), repeat=n):
        favorable = np.array(outcome)
        bettor = MembershipBettor([RateRule(kind, limit)], n_strata=1, design_effect=1.0)
        past = np.zeros((1, 1, 8), np.int64)
        past[0, 0] = sums_of(np.repeat(p[:1], int(learned[0]), axis=0), np.arange(learned[0]) < learned[0] // 2)
        bettor.bet(past, np.array([is_recovery]))
        log_e = bettor.bet(sums_of(p, favorable).reshape(1, 1, 8), np.array([is_recovery])).log_e[:, 0]
        mean += np.prod(np.where(favorable, chance, 1 - chance)) * np.exp(log_e)
    assert (mean <= 1 + 1e-9).all(), mean


def panes(seed: int, n: int, harmed: float) -> list[Ints]:
    """Return the sums of panes of 60 records in two areas; the first area is approved less."""
    rng = np.random.default_rng(seed)
    in_first = np.repeat([True, False], 30)
    p = np.rint(np.where(in_first, 0.9, 0.1)[:, None] * [1, -1] * PROBABILITY_SCALE).astype(np.int64)
    p[:, 1] += PROBABILITY_SCALE
    return [sums_of(p, rng.random(60) < np.where(in_first, harmed, 0.7)) for _ in range(n)]


def test_a_violation_is_found_its_end_too_and_a_row_does_not_depend_on_others() -> None:
    bank = MembershipBank([RATIO, GAP, RATIO], [math.log(1e8)] * 3)
    alone = MembershipBank([GAP], [math.log(1e8)])
    feed = [*panes(1, 30, 0.7), *panes(2, 60, 0.2), *panes(3, 60, 0.7)]
    seen, seen_alone = [], []
    for number, sums in enumerate(feed):
        fair = sums[[2, 3, 2, 3, 6, 7, 6, 7]]
        period = np.stack([sums, sums, fair])[:, None, :]
        seen += bank.update(number, period, 60)
        seen_alone += alone.update(number, sums[None, None, :], 60)
        if number % 20 == 7:
            again = MembershipBank([RATIO, GAP, RATIO], [math.log(1e8)] * 3)
            again.restore(bank.snapshot())
            assert again.snapshot() == bank.snapshot()
            bank = again
    by_row = sorted(seen, key=lambda change: change.detector)
    assert [(change.detector, change.to_breach) for change in by_row] == [(0, True), (0, False), (1, True), (1, False)]
    assert all(change.onset_s >= 30 for change in seen)
    assert [(change.period_start_s, change.log_evidence) for change in seen if change.detector == 1] == [
        (change.period_start_s, change.log_evidence) for change in seen_alone
    ]


def test_probabilities_of_0_and_1_find_a_violation_about_as_soon_as_counts_do() -> None:
    rng = np.random.default_rng(5)
    bank, plain = MembershipBank([RATIO], [math.log(1e8)]), DetectorBank([RATIO], [math.log(1e8)])
    found: dict[str, int] = {}
    for number in range(200):
        k_a, k_b = int(rng.binomial(50, 0.35)), int(rng.binomial(50, 0.7))
        counts = np.array([k_a, 50, k_b, 50])
        one, square = PROBABILITY_SCALE, PROBABILITY_SCALE**2
        sums = np.array([*counts * one, k_a * square, (50 - k_a) * square, k_b * square, (50 - k_b) * square])
        for name, changes in (
            ("sums", bank.update(number, sums.reshape(1, 1, 8))),
            ("counts", plain.update(number, counts.reshape(1, 1, 4))),
        ):
            found.setdefault(name, number) if changes else None
    assert found["sums"] <= 1.5 * found["counts"] + 2


def test_impossible_sums_are_rejected_and_empty_periods_change_nothing() -> None:
    bank = MembershipBank([RATIO], [math.log(1e8)])
    before = bank.snapshot()
    with pytest.raises(ValueError, match="shape"):
        bank.update(0, np.zeros((1, 1, 4), np.int64), 0)
    with pytest.raises(ValueError, match="between 0 and those of all"):
        bank.update(0, np.array([[[9, 5, 0, 0, 0, 0, 0, 0]]]), 10)
    assert bank.snapshot() == before
    bank.update(0, np.zeros((1, 1, 8), np.int64), 0)
    assert not bank.has_block.any()


vectors = st.dictionaries(
    st.integers(0, 11), st.lists(st.integers(0, 1000), min_size=7, max_size=7).map(lambda row: [*row]), max_size=12
)


@given(vectors, vectors)
def test_sums_add_up_and_do_not_depend_on_the_order_of_cells(
    one: dict[int, list[int]], two: dict[int, list[int]]
) -> None:
    layout = CellLayout((("sex", ("f", "m", "x")), ("decision", ("yes", "no")), ("score", ("low", "high"))), 2)
    counter = MembershipCounter(layout, 0, 2, favorable="yes")

    def of(cells: dict[int, list[int]]) -> Ints:
        sums = counter.count(cells)
        return pair_sums(sums, [(1, 0)], sums.strata // 4, 3)

    both = {
        code: [a + b for a, b in zip(one.get(code, [0] * 7), two.get(code, [0] * 7), strict=True)] for code in one | two
    }
    assert (of(both) == of(one) + of(two)).all()
    assert (of(dict(reversed(one.items()))) == of(one)).all()
    total = of(one)[0].sum(axis=0)
    yes = [vector for code, vector in one.items() if code // 2 % 2 == 0]
    assert total[0] == sum(vector[5] for vector in yes)
    assert total[1] == sum(vector[5] for vector in one.values())
    assert total[2] == sum(vector[2] for vector in yes)
    assert total[4] == sum(vector[6] for vector in yes)
