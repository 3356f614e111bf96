"""The e-values of amounts, by enumeration: on the line of the rule no mean is above 1, and bins only lower them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stream_app.core.amounts.counts import edge_weights, paired_columns
from stream_app.core.amounts.scale import FULL
from stream_app.core.detection.amounts.bank import AmountBank
from stream_app.core.detection.amounts.bettor import AmountBettor
from stream_app.core.detection.amounts.equivalents import as_counts
from stream_app.core.detection.amounts.evidence import amount_evidence
from stream_app.core.detection.amounts.lines import AmountLine, line_of
from stream_app.core.detection.amounts.usual_amounts import UsualAmounts
from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.betting.unit_bettor import Units
from stream_app.core.detection.rules import RateRule, RuleKind
from tests.support.amounts import counts_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GAPS = (0.0, 0.02, 0.3, 0.9)
USUAL = [
    ((0.5, 0.5), (1 / 12, 1 / 12)),
    ((1e-4, 1e-4), (1e-8, 1e-8)),
    ((0.3, 0.7), (0.01, 0.2)),
    ((0.9, 0.1), (0.25, 1e-8)),
]
N_BINS = 8


def usual_of(number: int) -> UsualAmounts:
    means, variances = USUAL[number % len(USUAL)]
    return UsualAmounts(np.array(means)[:, None], np.array(variances)[:, None])


def on_the_line(points: Floats, chances: Floats, n: tuple[int, int], gap: float) -> Floats | None:
    """Move chances towards the extremes until the mean of a is ``gap`` below that of b; None if they cannot be."""
    n_a = n[0]
    means = (chances * points).sum(axis=1)
    missed = means[n_a:].mean() - means[:n_a].mean() - gap
    goal = np.zeros_like(chances)
    raised = np.zeros(sum(n), np.bool_)
    raised[:n_a] = missed > 0
    raised[n_a:] = missed < 0
    extreme = np.where(raised, points.argmax(axis=1), points.argmin(axis=1))
    goal[np.arange(sum(n)), extreme] = 1.0
    ends = (goal * points).sum(axis=1)
    reached = ends[n_a:].mean() - ends[:n_a].mean() - gap
    if missed * reached > 0 or missed == reached:
        return None if missed != 0 else chances
    share = missed / (missed - reached)
    moved: Floats = chances + share * (goal - chances)
    return moved


def log_e_of(amounts: Floats, n_a: int, gap: float | AmountLine, usual: UsualAmounts, *, is_recovery: bool) -> Floats:
    """Return the log e-values of one outcome, shape (5,)."""
    line = gap if isinstance(gap, AmountLine) else AmountLine(1.0, 1.0, gap)
    scales = np.array([[line.scale_a], [line.scale_b]])
    group, reference = counts_of(amounts[:n_a], N_BINS), counts_of(amounts[n_a:], N_BINS)
    weights = np.stack([edge_weights(side.n, side.sums) for side in (group, reference)])[:, None]
    return amount_evidence(np.array([line.gap]), np.array([is_recovery]), usual, weights, scales)[0][:, 0]


@pytest.mark.parametrize("is_recovery", [False, True])
@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("seed", range(12))
def test_no_mean_is_above_1_whatever_the_distribution_of_each_decision_is(
    seed: int, gap: float, *, is_recovery: bool
) -> None:
    # Each decision has three possible amounts of its own, some at the ends of the range, with chances of its own.
    rng = np.random.default_rng(seed)
    chances = None
    while chances is None:
        n = tuple(int(size) for size in rng.integers(1, 4, 2))
        points = np.rint(rng.choice([0.0, 1.0, *rng.uniform(size=6)], (sum(n), 3)) * FULL) / FULL
        chances = on_the_line(points, rng.dirichlet([0.5, 0.5, 0.5], sum(n)), (n[0], n[1]), gap)
    means = (chances * points).sum(axis=1)
    excess = means[n[0] :].mean() - means[: n[0]].mean() - gap
    usual, total = usual_of(seed), np.zeros(5)
    for which in itertools.product(range(3), repeat=sum(n)):
        at = np.arange(sum(n)), np.array(which)
        total += chances[at].prod() * np.exp(log_e_of(points[at], n[0], gap, usual, is_recovery=is_recovery))

    assert abs(excess) < 1e-12
    assert (total <= 1 + 1e-9).all(), total


LINES = [line_of(RateRule(RuleKind.RATIO, limit), zero) for limit in (0.5, 0.8, 1.0) for zero in (0, -0.7, 1, 1.4)]


@pytest.mark.parametrize("is_recovery", [False, True])
@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("seed", range(6))
def test_no_mean_is_above_1_where_a_ratio_of_means_is_just_kept(
    seed: int, line: AmountLine, *, is_recovery: bool
) -> None:
    # As above, with amounts multiplied by the scales of each side.
    rng = np.random.default_rng(seed)
    chances = None
    while chances is None:
        n = tuple(int(size) for size in rng.integers(1, 4, 2))
        points = np.rint(rng.choice([0.0, 1.0, *rng.uniform(size=6)], (sum(n), 3)) * FULL) / FULL
        scales = np.repeat([line.scale_a, line.scale_b], n)[:, None]
        chances = on_the_line(points * scales, rng.dirichlet([0.5, 0.5, 0.5], sum(n)), (n[0], n[1]), line.gap)
    means = (chances * points * scales).sum(axis=1)
    usual, total = usual_of(seed), np.zeros(5)
    for which in itertools.product(range(3), repeat=sum(n)):
        at = np.arange(sum(n)), np.array(which)
        total += chances[at].prod() * np.exp(log_e_of(points[at], n[0], line, usual, is_recovery=is_recovery))

    assert abs(means[n[0] :].mean() - means[: n[0]].mean() - line.gap) < 1e-12
    assert (total <= 1 + 1e-9).all(), total


@pytest.mark.parametrize(("zero", "a", "b"), [(-0.5, 0.3, 0.5), (1.5, 0.6, 0.78)])
def test_the_line_of_a_ratio_is_where_the_ratio_of_the_amounts_is_the_limit(zero: float, a: float, b: float) -> None:
    line = line_of(RateRule(RuleKind.RATIO, 0.8), zero)
    amounts = abs(a - zero), abs(b - zero)

    assert min(amounts) / max(amounts) == pytest.approx(0.8)
    assert line.scale_a * a == pytest.approx(line.scale_b * b - line.gap)


@given(
    st.lists(st.integers(0, 4096), min_size=1, max_size=12),
    st.lists(st.integers(0, 4096), min_size=1, max_size=12),
    st.sampled_from(GAPS),
    st.integers(0, 3),
    st.sampled_from((False, True)),
)
def test_bins_never_raise_the_evidence_and_more_bins_never_lower_it(
    one: list[int],
    other: list[int],
    gap: float,
    number: int,
    is_recovery: bool,  # noqa: FBT001
) -> None:
    a, b = np.array(one) / 4096, np.array(other) / 4096
    usual, by_bins = usual_of(number), []
    for n_bins in (4, 32, 256, 4096):  # with the last number every amount is on an edge
        sides = counts_of(a, n_bins), counts_of(b, n_bins)
        weights = np.stack([edge_weights(side.n, side.sums) for side in sides])[:, None]
        log_e, is_bet = amount_evidence(np.array([gap]), np.array([is_recovery]), usual, weights)
        assert np.isfinite(log_e).all()
        assert (log_e[~is_bet] == 0).all()
        by_bins.append(log_e[:, 0])

    assert (by_bins[0] <= by_bins[1] + 1e-9).all()
    assert (by_bins[1] <= by_bins[2] + 1e-9).all()
    assert (by_bins[2] <= by_bins[3] + 1e-9).all()


def panes(seed: int, n_rows: int, n_panes: int, n_strata: int = 1, harmed: float = 0.0) -> list[Ints]:
    """Return the columns of panes of about 40 decisions in each stratum, shape (rows, strata, 4 bins)."""
    rng = np.random.default_rng(seed)
    result = []
    for _ in range(n_panes):
        size = (n_rows, n_strata, int(rng.integers(5, 40)))
        a, b = rng.beta(2, 5, size) * (1 - harmed), rng.beta(2, 5, (*size[:2], 30))
        columns = paired_columns(counts_of(a, N_BINS), counts_of(b, N_BINS), favorable="high")
        columns[rng.uniform(size=size[:2]) < 0.1] = 0
        result.append(columns)
    return result


RULE = RateRule(RuleKind.GAP, 0.0)


def bank_of(n_rows: int, n_strata: int = 1) -> AmountBank:
    rules = [RULE, RateRule(RuleKind.GAP, 0.02)] * (n_rows // 2)
    return AmountBank(rules, [9.0] * n_rows, n_bins=N_BINS, n_strata=n_strata)


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(1, 3))
def test_a_snapshot_continues_bit_for_bit(seed: int, at: int, n_strata: int) -> None:
    fed = panes(seed, 4, 40, n_strata, harmed=0.5)
    through, restored = bank_of(4, n_strata=n_strata), bank_of(4, n_strata=n_strata)
    changes = [through.update(60 * number, counts, 500) for number, counts in enumerate(fed)]
    first = bank_of(4, n_strata=n_strata)
    for number in range(at):
        first.update(60 * number, fed[number], 500)
    restored.restore(first.snapshot())

    assert [restored.update(60 * number, fed[number], 500) for number in range(at, 40)] == changes[at:]
    assert restored.snapshot() == through.snapshot()


def test_a_row_does_not_depend_on_those_beside_it() -> None:
    fed = panes(3, 240, 30, harmed=0.3)
    together = bank_of(240)
    for number, counts in enumerate(fed):
        together.update(60 * number, counts, 500)
    for row in (0, 99, 100, 101, 239):
        alone = AmountBank([[RULE, RateRule(RuleKind.GAP, 0.02)][row % 2]], [9.0], n_bins=N_BINS)
        for number, counts in enumerate(fed):
            alone.update(60 * number, counts[[row]], 500)
        assert alone.log_sr[0] == together.log_sr[row]
        assert alone.is_breach[0] == together.is_breach[row]


def test_rows_continue_in_another_bank_with_their_usual_amounts() -> None:
    fed = panes(5, 4, 30, n_strata=2)
    former, moved = bank_of(4, n_strata=2), AmountBank([RULE] * 2, [9.0] * 2, n_bins=N_BINS, n_strata=3)
    for number, counts in enumerate(fed[:20]):
        former.update(60 * number, counts, 500)
    moved.continue_rows(former, np.array([1]), np.array([2]), strata=[(2, 0), (0, 1)])
    for number, counts in enumerate(fed[20:], 20):
        former.update(60 * number, counts, 500)
        more = np.zeros((2, 3, counts.shape[2]), np.int64)
        more[1, 2], more[1, 0] = counts[2, 0], counts[2, 1]
        moved.update(60 * number, more, 500)

    assert moved.log_sr[1] == pytest.approx(former.log_sr[2], rel=1e-12)


def test_a_bank_of_other_bins_or_of_rates_does_not_take_the_state() -> None:
    state = bank_of(4).snapshot()
    others = [AmountBank([RULE] * 4, [9.0] * 4, n_bins=16), DetectorBank([RULE] * 4, [9.0] * 4), bank_of(2)]

    for other in others:
        with pytest.raises(ValueError, match="snapshot"):
            other.restore(state)


def test_what_a_bank_of_amounts_cannot_test_is_refused() -> None:
    for limit, zero, fault in ((0.8, 0.5, "negative"), (1.25, 0.0, "at most 1"), (0.8, -9.0, "no two amounts")):
        with pytest.raises(ValueError, match=fault):
            AmountBank([RateRule(RuleKind.RATIO, limit)], [9.0], zero=zero)
    with pytest.raises(ValueError, match="units"):
        AmountBank([RULE], [9.0], design_effect=Units(4))
    bank, [counts] = bank_of(2), panes(1, 2, 1)
    with pytest.raises(ValueError, match="candidates"):
        bank.update(0, counts, 500, counts)
    with pytest.raises(ValueError, match="shape"):
        bank.update(0, counts[:1])
    counts[0, 0, 0] += FULL
    with pytest.raises(ValueError, match="amounts"):
        bank.update(0, counts)


def test_a_period_without_a_group_says_nothing() -> None:
    bank, [counts] = bank_of(2), panes(2, 2, 1)
    counts[..., 2::4] = counts[..., 3::4] = 0
    bank.update(0, counts, 500)

    assert not bank.has_block.any()
    assert (bank.log_sr < -1e299).all()


@pytest.mark.parametrize("copies", [2, 5])
def test_copies_are_undone_by_the_design_effect(copies: int) -> None:
    fed = panes(7, 2, 20, harmed=0.4)
    once, copied = (AmountBettor([RULE] * 2, n_strata=1, design_effect=effect) for effect in (1.0, float(copies)))
    calm = np.zeros(2, np.bool_)
    first_once, first_copied = once.bet(fed[0], calm), copied.bet(copies * fed[0], calm)

    assert first_copied.log_e == pytest.approx(first_once.log_e)


def test_equivalent_counts_have_the_means_and_the_precision_of_amounts() -> None:
    rng = np.random.default_rng(9)
    a, b = rng.normal(0.3, 0.05, (20, 50)), rng.normal(0.4, 0.05, (20, 50))
    counts = as_counts(paired_columns(counts_of(a, 256), counts_of(b, 256), favorable="high"))
    rates, n = counts[:, 0::2] / counts[:, 1::2], counts[:, 1::2]

    assert rates == pytest.approx(np.stack([a.mean(axis=1), b.mean(axis=1)], axis=1), abs=1e-5)
    assert np.sqrt(rates * (1 - rates) / n).mean() == pytest.approx(0.05 / np.sqrt(50), rel=0.1)
    assert not as_counts(np.zeros((3, 4 * N_BINS), np.int64)).any()
