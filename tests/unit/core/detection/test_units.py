"""Detectors whose decisions come in units: what they promise where tests of single decisions raise false alarms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.betting.unit_bettor import Units
from stream_app.core.detection.rules import RateRule, RuleKind

N_UNITS = 40
RULES = [RateRule(RuleKind.RATIO, 0.8), RateRule(RuleKind.GAP, 0.2)]
LOG_C = math.log(1e6)


def bank_of(rules: list[RateRule], *, has_lifecycle: bool = True) -> DetectorBank:
    return DetectorBank(rules, [LOG_C] * len(rules), design_effect=Units(N_UNITS), has_lifecycle=has_lifecycle)


def draw(rng: np.random.Generator, p_a: float, p_b: float, n_rows: int, icc: float = 0.1) -> NDArray[np.int64]:
    """Draw 10 decisions of each unit, all about one group, whose rates are drawn from beta distributions."""
    weight = 1 / icc - 1
    is_a = np.arange(N_UNITS) % 2 == 0
    rates = np.where(is_a, p_a, p_b)
    k = rng.binomial(10, rng.beta(rates * weight, (1 - rates) * weight, (n_rows, N_UNITS)))
    n = np.full((n_rows, N_UNITS), 10)
    return np.stack([k * is_a, n * is_a, k * ~is_a, n * ~is_a], axis=-1)


def test_a_violation_is_detected_and_its_end_too() -> None:
    rng = np.random.default_rng(1)
    bank = bank_of(RULES)
    seen = [
        (change.detector, change.to_breach, change.period_start_s, change.onset_s)
        for period, p_a in enumerate([0.7] * 20 + [0.3] * 60 + [0.7] * 60)
        for change in bank.update(period, draw(rng, p_a, 0.7, len(RULES)))
    ]
    assert seen == [(0, True, 20, 20), (1, True, 22, 20), (1, False, 83, 80), (0, False, 84, 80)]


def test_on_the_limit_units_raise_no_false_alarm_where_single_decisions_do() -> None:
    rng = np.random.default_rng(2)
    rules = [RULES[0]] * 60
    units, single = bank_of(rules, has_lifecycle=False), DetectorBank(rules, [LOG_C] * 60, has_lifecycle=False)
    n_units = n_single = 0
    for period in range(150):  # 60,000 decisions: at most 60 x 0.06 alarms on average, 10 in one case of 1,000
        counts = draw(rng, 0.56, 0.7, 60, icc=0.2)
        n_units += len(units.update(period, counts))
        n_single += len(single.update(period, counts.sum(axis=1, keepdims=True)))
    assert n_units <= 10
    assert n_single > 50


def test_the_design_effect_is_measured() -> None:
    for icc, expected in ((1e-9, 1.0), (0.1, 1.9), (0.3, 3.7)):
        rng = np.random.default_rng(3)
        bank = bank_of(RULES * 10)
        assert np.isnan(bank.design_effects).all()  # type: ignore[arg-type]  # units have them
        for period in range(100):
            bank.update(period, draw(rng, 0.7, 0.7, 20, icc))
        effects = bank.design_effects
        assert effects is not None
        assert effects.mean() == pytest.approx(expected, rel=0.05)
    assert DetectorBank(RULES, [LOG_C] * 2).design_effects is None


def test_a_period_without_a_group_changes_nothing_and_one_without_spread_breaks_nothing() -> None:
    bank = bank_of(RULES)
    counts = np.zeros((2, N_UNITS, 4), np.int64)
    bank.update(0, counts)
    counts[:, 0] = (1, 1, 0, 0)
    bank.update(1, counts)
    assert not bank.has_block.any()
    counts[:, 0] = (1, 1, 1, 1)  # one unit has everything, and everybody is approved
    bank.update(2, counts)
    assert bank.has_block.all()
    assert np.isfinite(bank.log_sr).all()
    assert bank.design_effects is not None
    assert np.isfinite(bank.design_effects).all()


def test_a_bank_continues_bit_for_bit_after_a_restart_and_in_another_order() -> None:
    rng = np.random.default_rng(4)
    bank, whole = bank_of(RULES), bank_of(RULES)
    moved = bank_of(RULES[::-1])
    periods = [draw(rng, 0.4, 0.7, 2) for _ in range(30)]
    for period, counts in enumerate(periods):
        whole.update(period, counts)
        if period == 15:
            restored = bank_of(RULES)
            restored.restore(bank.snapshot())
            bank = restored
            moved.continue_rows(bank, np.array([0, 1]), np.array([1, 0]))
        bank.update(period, counts)
        if period >= 15:
            moved.update(period, counts[::-1])
    assert bank.snapshot() == whole.snapshot()
    assert moved.log_sr[::-1].tolist() == whole.log_sr.tolist()
    assert moved.design_effects is not None
    assert whole.design_effects is not None
    assert moved.design_effects[::-1].tolist() == whole.design_effects.tolist()


def test_units_exclude_strata_and_what_single_decisions_have_shown() -> None:
    with pytest.raises(ValueError, match="units exclude strata"):
        DetectorBank(RULES, [LOG_C] * 2, n_strata=2, design_effect=Units(3))
    with pytest.raises(ValueError, match="single decisions"):
        bank_of(RULES).continue_rows(DetectorBank(RULES, [LOG_C] * 2), np.array([0]), np.array([0]))
    with pytest.raises(ValueError, match="another configuration"):
        bank_of(RULES).restore(DetectorBank(RULES, [LOG_C] * 2, design_effect=Units(N_UNITS + 1)).snapshot())
