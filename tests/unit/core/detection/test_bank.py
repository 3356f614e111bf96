"""Life of a bank of detectors: carry, strata, copies, snapshots, and what it rejects."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from stream_app.core.detection.bank import DAY_S, DetectorBank
from stream_app.core.detection.betting.alternatives import place_bets
from stream_app.core.detection.betting.block import block_evidence
from stream_app.core.detection.rules import RateRule, RuleKind
from stream_app.core.detection.shiryaev_roberts import NO_EVIDENCE, log_mean

FOUR_FIFTHS = RateRule(RuleKind.RATIO, 0.8)
GAP = RateRule(RuleKind.GAP, 0.2)
RULES = [FOUR_FIFTHS, GAP, RateRule(RuleKind.RATIO, 1.0), RateRule(RuleKind.GAP, 0.0)]
LOG_C = math.log(1e8)
READINGS = ("log_sr", "log_eproc", "log_recovery", "onset_s", "is_breach", "breach_onset_s", "has_block")


def pane(*counts: int) -> NDArray[np.int64]:
    return np.array(counts).reshape(1, 1, 4)


def drawn_panes(seed: int, n_panes: int, n_detectors: int, n_strata: int) -> NDArray[np.int64]:
    """Draw panes in which group a fares badly in the middle third, so that there are breaches and recoveries."""
    rng = np.random.default_rng(seed)
    n = rng.poisson(12, (n_panes, n_detectors, n_strata, 2))
    rate = np.full(n.shape, 0.7)
    rate[n_panes // 3 : 2 * n_panes // 3, ..., 0] = 0.2
    k = rng.binomial(n, rate)
    return np.stack([k[..., 0], n[..., 0], k[..., 1], n[..., 1]], axis=-1)


def readings(bank: DetectorBank) -> dict[str, list[Any]]:
    return {name: getattr(bank, name).tolist() for name in READINGS}


def test_a_new_bank_knows_nothing_and_says_so_in_finite_numbers() -> None:
    bank = DetectorBank(RULES, [LOG_C] * 4)
    assert bank.log_sr.tolist() == bank.log_recovery.tolist() == [NO_EVIDENCE] * 4
    assert bank.onset_s.tolist() == [-1] * 4
    assert not bank.has_block.any()


def test_a_bank_without_detectors_is_permitted() -> None:
    bank = DetectorBank([], [])
    assert bank.update(0, np.zeros((0, 1, 4), dtype=np.int64)) == []


def test_decisions_wait_until_both_groups_have_five() -> None:
    bank = DetectorBank([FOUR_FIFTHS], [LOG_C])
    bank.update(60, pane(1, 4, 9, 9))
    assert not bank.has_block[0]
    bank.update(120, pane(0, 1, 0, 0))
    assert bank.has_block[0]
    assert bank.onset_s[0] == 60


def test_panes_added_up_are_worth_as_much_as_one_pane() -> None:
    parts, whole = DetectorBank([GAP], [LOG_C]), DetectorBank([GAP], [LOG_C])
    parts.update(0, pane(1, 4, 6, 9))
    parts.update(60, pane(2, 8, 3, 3))
    whole.update(60, pane(3, 12, 9, 12))
    assert parts.log_sr.tolist() == whole.log_sr.tolist()


def test_decisions_that_waited_longer_than_a_day_are_dropped() -> None:
    bank, fresh = DetectorBank([FOUR_FIFTHS], [LOG_C]), DetectorBank([FOUR_FIFTHS], [LOG_C])
    bank.update(0, pane(0, 4, 9, 9))
    bank.update(DAY_S + 1, pane(5, 6, 5, 6))
    fresh.update(DAY_S + 1, pane(5, 6, 5, 6))
    assert readings(bank) == readings(fresh)


def test_decisions_that_waited_a_day_are_kept() -> None:
    bank = DetectorBank([FOUR_FIFTHS], [LOG_C])
    bank.update(0, pane(0, 4, 9, 9))
    bank.update(DAY_S, pane(1, 1, 0, 0))
    assert bank.onset_s[0] == 0


def test_an_empty_pane_changes_nothing_and_starts_no_block() -> None:
    bank = DetectorBank([FOUR_FIFTHS], [LOG_C])
    bank.update(0, pane(0, 0, 0, 0))
    bank.update(60, pane(2, 6, 4, 6))
    assert bank.onset_s[0] == 60
    before = readings(bank)
    bank.update(120, pane(0, 0, 0, 0))
    assert readings(bank) == before


def test_a_gap_that_cannot_be_exceeded_is_no_bet() -> None:
    rates = np.array([[0.1, 0.1], [0.15, 0.9]])
    _, is_bet = place_bets(RuleKind.GAP, np.array([0.2, 0.2]), np.array([False, False]), rates, np.full((2, 2), 20.0))
    assert is_bet.tolist() == [[False, True]] * 5


def test_where_there_is_no_bet_the_statistic_does_not_grow() -> None:
    bank = DetectorBank([GAP], [LOG_C])
    bank.update(0, pane(2, 40, 3, 4000))  # from now on the usual rate of b is far below 0.2
    after_one_bet = bank.log_sr.item()
    bank.update(60, pane(2, 40, 3, 4000))
    assert bank.log_sr.item() == after_one_bet


def test_a_pane_of_an_alarm_has_the_evidence_and_the_next_restarts() -> None:
    bank = DetectorBank([FOUR_FIFTHS], [LOG_C], has_lifecycle=False)
    alarm = next(change for at in range(40) for change in bank.update(at, pane(10, 50, 45, 50)))
    assert bank.log_sr.item() == alarm.log_evidence >= LOG_C
    assert not bank.is_breach[0]
    bank.update(alarm.pane_start_s + 1, pane(0, 0, 0, 0))
    assert bank.log_sr.item() == NO_EVIDENCE


def test_in_breach_only_the_recovery_is_tested() -> None:
    bank = DetectorBank([FOUR_FIFTHS], [LOG_C])
    alarm = next(change for at in range(40) for change in bank.update(at, pane(10, 50, 45, 50)))
    bank.update(100, pane(10, 50, 45, 50))
    assert bank.is_breach[0]
    assert bank.breach_onset_s[0] == alarm.onset_s
    assert (bank.log_sr.item(), bank.log_eproc.item()) == (NO_EVIDENCE, 0.0)
    assert bank.log_recovery.item() > NO_EVIDENCE


def test_order_of_detectors_does_not_matter() -> None:
    panes = drawn_panes(3, 60, 12, 3)
    order = np.random.default_rng(4).permutation(12)
    rules = RULES * 3
    one = DetectorBank(rules, [9.0] * 12, n_strata=3)
    other = DetectorBank([rules[at] for at in order], [9.0] * 12, n_strata=3)
    n_changes = 0
    for at, counts in enumerate(panes):
        changes = {change.detector: change for change in one.update(at, counts)}
        permuted = {int(order[change.detector]): change for change in other.update(at, counts[order])}
        assert {who: change.log_evidence for who, change in changes.items()} == {
            who: change.log_evidence for who, change in permuted.items()
        }
        n_changes += len(changes)
        for name in READINGS:
            assert np.array_equal(getattr(one, name)[order], getattr(other, name))
    assert n_changes >= 12


def test_the_same_panes_give_the_same_bits() -> None:
    panes = drawn_panes(5, 60, 8, 2)
    snapshots = []
    for _ in range(2):
        bank = DetectorBank(RULES * 2, [9.0] * 8, n_strata=2)
        for at, counts in enumerate(panes):
            bank.update(at, counts)
        snapshots.append(bank.snapshot())
    assert snapshots[0] == snapshots[1]


def test_a_bank_with_strata_restored_at_every_pane_goes_on_bit_for_bit() -> None:
    panes = drawn_panes(6, 60, 4, 3)

    def new_bank() -> DetectorBank:
        return DetectorBank(RULES, [9.0] * 4, n_strata=3, design_effect=1.3)

    straight, hopping = new_bank(), new_bank()
    for at, counts in enumerate(panes):
        changes = straight.update(at, counts)
        follower = new_bank()
        follower.restore(hopping.snapshot())
        hopping = follower
        assert hopping.update(at, counts) == changes
        assert hopping.snapshot() == straight.snapshot()
        assert readings(hopping) == readings(straight)


def test_evidence_of_strata_is_added_up() -> None:
    one, other = [6, 20, 17, 22], [9, 30, 25, 28]
    bank = DetectorBank([GAP], [LOG_C], n_strata=2)
    bank.update(0, np.array([[one, other]]))
    rates = np.full((2, 2), 0.5)
    log_e, _ = block_evidence(
        RuleKind.GAP, np.full(2, 0.2), np.zeros(2, dtype=np.bool_), rates, np.array([one, other], dtype=np.float64).T
    )
    assert bank.log_eproc.item() == pytest.approx(log_mean(log_e.sum(axis=1), math.log(5)), abs=1e-12)
    assert bank.log_sr.item() == pytest.approx(bank.log_eproc.item() + math.log(100), abs=1e-12)


def test_a_block_over_strata_begins_with_its_oldest_pane() -> None:
    bank = DetectorBank([FOUR_FIFTHS], [LOG_C], n_strata=2)
    bank.update(60, np.array([[[0, 0, 0, 0], [2, 4, 6, 9]]]))
    bank.update(120, np.array([[[3, 8, 7, 9], [0, 2, 0, 0]]]))
    assert bank.onset_s[0] == 60


def test_a_stratum_without_a_bet_leaves_the_others_their_bet() -> None:
    bank = DetectorBank([GAP], [LOG_C], n_strata=2)
    quiet = [2, 40, 3, 4000]  # from the second pane on the usual rate of b is far below 0.2: no bet
    bank.update(0, np.array([[[14, 20, 14, 20], quiet]]))
    before = bank.log_eproc.item()
    bank.update(60, np.array([[[0, 0, 0, 0], quiet]]))
    assert bank.log_eproc.item() == before
    bank.update(120, np.array([[[20, 20, 10, 20], quiet]]))
    assert bank.log_eproc.item() < before - 0.5


def test_strata_that_stay_empty_and_their_order_change_nothing() -> None:
    panes = drawn_panes(7, 60, 4, 2)
    plain, padded, swapped = (DetectorBank(RULES, [9.0] * 4, n_strata=size) for size in (2, 5, 2))
    for at, counts in enumerate(panes):
        plain.update(at, counts)
        padded.update(at, np.concatenate([counts, np.zeros((4, 3, 4), dtype=np.int64)], axis=1))
        swapped.update(at, counts[:, ::-1])
        for name in READINGS:
            assert np.array_equal(getattr(plain, name), getattr(padded, name))
            assert getattr(plain, name).tolist() == pytest.approx(getattr(swapped, name).tolist(), rel=1e-12, abs=1e-12)


def test_a_swing_of_rate_and_mix_that_is_fair_in_every_stratum_raises_no_alarm() -> None:
    fair = np.array([[[80, 100, 8, 10], [2, 10, 20, 100]], [[80, 100, 8, 10], [2, 10, 20, 100]]])
    pooled = fair[:, :, [2, 3, 0, 1]].sum(axis=1, keepdims=True)  # a: 28 of 110, b: 82 of 110
    in_strata, together = (
        DetectorBank([FOUR_FIFTHS, GAP], [LOG_C] * 2, n_strata=2),
        DetectorBank([GAP] * 2, [LOG_C] * 2),
    )
    alarms = [change for at in range(50) for change in in_strata.update(at, fair[:, :, [2, 3, 0, 1]])]
    assert alarms == []
    assert any(together.update(at, pooled) for at in range(50))


def test_copies_of_every_decision_are_undone_by_the_design_effect() -> None:
    panes = drawn_panes(8, 60, 4, 1) + np.array([5, 5, 5, 5])
    single, doubled = DetectorBank(RULES, [9.0] * 4), DetectorBank(RULES, [9.0] * 4, design_effect=2)
    for at, counts in enumerate(panes):
        single.update(at, counts)
        doubled.update(at, 2 * counts)
        assert readings(single) == readings(doubled)


@pytest.mark.parametrize(
    "other",
    [
        DetectorBank([GAP], [LOG_C]),
        DetectorBank([FOUR_FIFTHS], [LOG_C / 2]),
        DetectorBank([FOUR_FIFTHS], [LOG_C], n_strata=2),
        DetectorBank([FOUR_FIFTHS], [LOG_C], design_effect=2),
        DetectorBank([FOUR_FIFTHS, GAP], [LOG_C, LOG_C]),
    ],
    ids=["rule", "threshold", "strata", "design effect", "detectors"],
)
def test_a_snapshot_of_another_configuration_is_rejected(other: DetectorBank) -> None:
    with pytest.raises(ValueError, match="another configuration"):
        DetectorBank([FOUR_FIFTHS], [LOG_C]).restore(other.snapshot())


def test_a_cut_snapshot_is_rejected_and_changes_nothing() -> None:
    bank = DetectorBank([FOUR_FIFTHS], [LOG_C])
    bank.update(0, pane(3, 10, 9, 10))
    before = bank.snapshot()
    with pytest.raises(ValueError, match="length"):
        bank.restore(before[:-1])
    assert bank.snapshot() == before


@pytest.mark.parametrize(
    ("at", "counts", "message"),
    [
        (61, np.zeros((1, 1, 3), dtype=np.int64), "shape"),
        (61, pane(-1, 5, 5, 5), "between"),
        (61, pane(6, 5, 5, 5), "between"),
        (60, pane(5, 5, 5, 5), "later"),
    ],
)
def test_a_pane_that_cannot_be_is_rejected(at: int, counts: NDArray[np.int64], message: str) -> None:
    bank = DetectorBank([FOUR_FIFTHS], [LOG_C])
    bank.update(60, pane(5, 5, 5, 5))
    before = bank.snapshot()
    with pytest.raises(ValueError, match=message):
        bank.update(at, counts)
    assert bank.snapshot() == before


@pytest.mark.parametrize(
    ("log_thresholds", "options"),
    [
        ([], {}),
        ([0.0], {}),
        ([math.inf], {}),
        ([math.nan], {}),
        ([9.0], {"n_strata": 0}),
        ([9.0], {"design_effect": 0.5}),
        ([9.0], {"max_carry_s": -1}),
        ([9.0], {"log_recovery_threshold": 0.0}),
    ],
)
def test_a_configuration_that_makes_no_sense_is_rejected(log_thresholds: list[float], options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"threshold|needed"):
        DetectorBank([FOUR_FIFTHS], log_thresholds, **options)


@pytest.mark.parametrize(
    ("kind", "limit"), [(RuleKind.RATIO, 0.0), (RuleKind.RATIO, math.inf), (RuleKind.GAP, 1.0), (RuleKind.GAP, -0.1)]
)
def test_a_rule_with_an_invalid_limit_is_rejected(kind: RuleKind, limit: float) -> None:
    with pytest.raises(ValueError, match="limit"):
        RateRule(kind, limit)
