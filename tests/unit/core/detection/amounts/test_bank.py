"""The life of a test of mean amounts: breach, onset and recovery, in either direction."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from stream_app.core.amounts.counts import Favorable, paired_columns
from stream_app.core.amounts.scale import AmountScale
from stream_app.core.detection.amounts.bank import AmountBank
from stream_app.core.detection.amounts.equivalents import as_counts
from stream_app.core.detection.change_point import find_onset
from stream_app.core.detection.rules import RateRule, RuleKind
from tests.support.amounts import counts_of

Ints = NDArray[np.int64]
SCALE = AmountScale(0.0, 1_000.0)
CHANGE, END = 100, 160  # panes with other amounts of the group
LOG_C = math.log(1e8)


def panes(seed: int, favorable: Favorable, factor: float, n_panes: int) -> list[Ints]:
    """Return columns of prices: 50 of the group, in some panes a factor dearer, and 50 of its reference."""
    rng = np.random.default_rng(seed)
    result = []
    for pane in range(n_panes):
        prices = 200 * rng.lognormal(0, 0.4, (2, 50))
        prices[0] *= factor if CHANGE <= pane < END else 1.0
        own, other = (counts_of(np.minimum(side, 1_000) / 1_000) for side in prices)
        result.append(paired_columns(own, other, favorable=favorable)[None, None])
    return result


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("favorable", "factor"), [("low", 1.4), ("high", 0.7)])
def test_worse_prices_are_a_breach_until_they_are_equal_again(seed: int, favorable: Favorable, factor: float) -> None:
    rule = RateRule(RuleKind.GAP, SCALE.share_of_width(20.0))
    bank, fed = AmountBank([rule], [LOG_C]), panes(seed, favorable, factor, 400)
    changes = [change for pane, columns in enumerate(fed) for change in bank.update(60 * pane, columns)]

    assert [change.to_breach for change in changes] == [True, False]
    breach, recovery = changes
    assert CHANGE * 60 <= breach.period_start_s < (CHANGE + 15) * 60
    assert abs(breach.onset_s // 60 - CHANGE) <= 3
    assert END * 60 <= recovery.period_start_s < (END + 80) * 60
    searched = np.concatenate(fed[: breach.period_start_s // 60 + 1])
    onset = find_onset(as_counts(searched), rule, breach.onset_s // 60)
    assert abs(onset.best - CHANGE) <= 2
    assert onset.earliest <= CHANGE <= onset.latest


@pytest.mark.parametrize(("favorable", "factor"), [("high", 1.4), ("low", 0.7)])
def test_better_prices_are_no_breach(favorable: Favorable, factor: float) -> None:
    bank = AmountBank([RateRule(RuleKind.GAP, 0.0)], [LOG_C])

    assert not any(bank.update(60 * pane, columns) for pane, columns in enumerate(panes(1, favorable, factor, 200)))


def test_a_difference_within_the_tolerated_one_is_no_breach() -> None:
    rule = RateRule(RuleKind.GAP, SCALE.share_of_width(100.0))
    bank = AmountBank([rule], [LOG_C])

    assert not any(bank.update(60 * pane, columns) for pane, columns in enumerate(panes(2, "low", 1.4, 200)))


def test_extreme_amounts_leave_every_statistic_finite() -> None:
    rng = np.random.default_rng(4)
    rules = [RateRule(RuleKind.GAP, limit) for limit in (0.0, 0.5, 0.999)]
    bank = AmountBank(rules, [LOG_C] * 3)
    for pane in range(60):
        n = rng.choice([1, 2, 1_000], 2)
        ends = [rng.integers(0, 2, size).astype(np.float64) if pane % 3 else np.full(size, pane % 2) for size in n]
        columns = paired_columns(counts_of(ends[0]), counts_of(ends[1]), favorable="high")
        bank.update(60 * pane, np.repeat(columns[None, None], 3, axis=0) * (10**6 if pane % 7 == 0 else 1))
        assert np.isfinite(bank.log_sr).all()
        assert np.isfinite(bank.log_eproc).all()
