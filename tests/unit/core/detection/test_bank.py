"""Life of a bank of detectors: periods, start weights, gates, strata, copies, snapshots, and what it rejects."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.betting.alternatives import place_bets
from stream_app.core.detection.betting.bettor import Bettor
from stream_app.core.detection.betting.block import block_evidence
from stream_app.core.detection.procedures import Procedure, select_alarms
from stream_app.core.detection.rules import RateRule, RuleKind
from stream_app.core.detection.shiryaev_roberts import NO_EVIDENCE, log_mean

FOUR_FIFTHS = RateRule(RuleKind.RATIO, 0.8)
GAP = RateRule(RuleKind.GAP, 0.2)
RULES = [FOUR_FIFTHS, GAP, RateRule(RuleKind.RATIO, 1.0), RateRule(RuleKind.GAP, 0.0)]
LOG_C = math.log(1e8)
READINGS = ("log_sr", "log_eproc", "log_recovery", "onset_s", "is_breach", "breach_onset_s", "has_block")


def pane(*counts: int) -> NDArray[np.int64]:
    return np.array(counts).reshape(1, 1, 4)


def pane2(*counts: int) -> NDArray[np.int64]:
    """Return one period for two detectors of one pair."""
    return np.repeat(pane(*counts), 2, axis=0)


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


def test_one_decision_of_each_group_makes_a_period_a_block() -> None:
    bank = DetectorBank([FOUR_FIFTHS], [LOG_C])
    bank.update(60, pane(1, 4, 0, 0))
    assert not bank.has_block[0]
    bank.update(120, pane(0, 1, 1, 1))
    assert bank.has_block[0]
    assert bank.onset_s[0] == 120


def test_periods_without_one_of_the_groups_say_nothing_about_rates_and_are_never_added_up() -> None:
    bank, fresh = DetectorBank([FOUR_FIFTHS], [LOG_C]), DetectorBank([FOUR_FIFTHS], [LOG_C])
    for at in range(50):
        bank.update(2 * at, pane(0, 40, 0, 0), 90)
        bank.update(2 * at + 1, pane(0, 0, 40, 40), 90)
    assert not bank.has_block[0]
    bank.update(200, pane(2, 6, 4, 6), 12)
    fresh.update(200, pane(2, 6, 4, 6), 12)
    assert bank.log_eproc.item() == fresh.log_eproc.item()


def test_a_bet_starts_with_all_decisions_of_the_model_since_the_last_one() -> None:
    own, model = DetectorBank([FOUR_FIFTHS], [LOG_C]), DetectorBank([FOUR_FIFTHS], [LOG_C])
    own.update(0, pane(2, 6, 4, 6))
    model.update(0, pane(2, 6, 4, 6), 120)
    assert model.log_sr.item() - own.log_sr.item() == pytest.approx(math.log(10), abs=1e-12)
    waited = DetectorBank([FOUR_FIFTHS], [LOG_C])
    waited.update(0, pane(0, 0, 3, 4), 70)
    waited.update(60, pane(0, 0, 0, 0), 0)
    waited.update(120, pane(2, 6, 4, 6), 50)
    assert waited.log_sr.item() == model.log_sr.item()


def test_after_an_alarm_earlier_decisions_are_no_start_weight() -> None:
    bank, fresh = (DetectorBank([FOUR_FIFTHS], [LOG_C], has_lifecycle=False) for _ in range(2))
    alarm = next(change for at in range(40) for change in bank.update(at, pane(10, 50, 45, 50), 1000))
    bank.update(alarm.period_start_s + 1, pane(25, 50, 45, 50), 100)
    evidence = bank.log_sr.item() - bank.log_eproc.item()
    fresh.update(0, pane(25, 50, 45, 50), 100)
    assert (
        evidence
        == pytest.approx(fresh.log_sr.item() - fresh.log_eproc.item(), abs=1e-9)
        == pytest.approx(math.log(100), abs=1e-9)
    )


def test_a_model_with_fewer_decisions_than_a_test_is_rejected_and_changes_nothing() -> None:
    bank = DetectorBank([FOUR_FIFTHS], [LOG_C])
    before = bank.snapshot()
    with pytest.raises(ValueError, match="at least as many"):
        bank.update(0, pane(2, 6, 4, 6), 11)
    assert bank.snapshot() == before


@pytest.mark.parametrize(
    "panes",
    [
        pytest.param([(3, 4, 225, 300), (15, 60, 1, 4)] * 200, id="mix and base rate change together"),
        pytest.param([(16, 20, 304, 380), (36, 60, 84, 140), (42, 120, 28, 80)] * 200, id="segment by segment"),
        pytest.param([(4, 5, 12, 15), (0, 0, 0, 1), (1, 4, 1, 4)] * 300, id="small batches"),
    ],
)
def test_a_feed_that_is_fair_in_every_period_raises_no_alarm(panes: list[tuple[int, int, int, int]]) -> None:
    bank = DetectorBank([FOUR_FIFTHS, GAP], [math.log(1e4)] * 2)
    for at, (k_a, n_a, k_b, n_b) in enumerate(panes):
        assert bank.update(at, np.array([[[k_a, n_a, k_b, n_b]], [[k_b, n_b, k_a, n_a]]])) == []


def gated_bank(procedure: Procedure = Procedure.PER_MILLION) -> DetectorBank:
    """Return a bank in which the gap waits for the ratio."""
    return DetectorBank([FOUR_FIFTHS, GAP], [LOG_C, math.log(1e4)], gates=[0, 0], procedure=procedure)


def test_a_gated_detector_waits_for_the_alarm_of_its_gate() -> None:
    free, gated = DetectorBank([FOUR_FIFTHS, GAP], [LOG_C, math.log(1e4)]), gated_bank()
    at_free = {c.detector: c.period_start_s for at in range(40) for c in free.update(at, pane2(15, 50, 35, 50))}
    at_gated = {c.detector: c.period_start_s for at in range(40) for c in gated.update(at, pane2(15, 50, 35, 50))}
    assert at_free[1] < at_free[0]
    assert at_gated == {0: at_free[0], 1: at_free[0]}


def test_a_gated_detector_has_a_recovery_of_its_own() -> None:
    bank = gated_bank()
    for at in range(40):
        bank.update(at, pane2(15, 50, 35, 50))
    assert bank.is_breach.tolist() == [True, True]
    changes = [change for at in range(40, 90) for change in bank.update(at, pane2(36, 50, 35, 50))]
    assert sorted((change.detector, change.to_breach) for change in changes) == [(0, False), (1, False)]


def test_an_alarm_beside_open_ones_needs_less_evidence_and_says_how_much() -> None:
    rules, log_thresholds = [FOUR_FIFTHS] * 4, [LOG_C] * 4
    bank = DetectorBank(rules, log_thresholds, procedure=Procedure.FDR)
    assert bank.log_needed.tolist() == pytest.approx([LOG_C] * 4)
    quiet, loud = [35, 50, 35, 50], [5, 50, 35, 50]
    first = [change for at in range(9) for change in bank.update(at, np.array([[loud], [quiet], [quiet], [quiet]]))]
    assert [(change.detector, change.log_threshold) for change in first] == [(0, LOG_C)]
    assert bank.log_needed[1:].tolist() == pytest.approx([LOG_C - math.log(2)] * 3)
    both = np.array([[loud], [loud], [loud], [quiet]])
    later = next(changes for at in range(9, 99) if (changes := bank.update(at, both)))
    assert [change.detector for change in later] == [1, 2]
    assert [change.log_threshold for change in later] == pytest.approx([LOG_C - math.log(3)] * 2)
    assert bank.log_needed[3] == pytest.approx(LOG_C - math.log(4))


def test_a_closed_gate_lends_no_weight_to_other_alarms() -> None:
    strong, weak = 0.0 - math.log(1.5), -5.0
    excess = np.array([weak, strong, strong])  # the second is far enough for two, but waits for the first
    alarms, k = select_alarms(excess, np.zeros(3, np.bool_), np.array([0, 0, 2]), Procedure.FDR)
    assert (alarms.tolist(), k) == ([False, False, False], 1)


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
    bank.update(alarm.period_start_s + 1, pane(0, 0, 0, 0))
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


def test_a_stratum_without_one_of_the_groups_leaves_the_others_their_bet() -> None:
    both, one = DetectorBank([FOUR_FIFTHS], [LOG_C], n_strata=2), DetectorBank([FOUR_FIFTHS], [LOG_C])
    both.update(60, np.array([[[3, 8, 7, 9], [0, 2, 0, 0]]]), 19)
    one.update(60, np.array([[[3, 8, 7, 9]]]), 19)
    assert both.log_sr.item() == one.log_sr.item()


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
        DetectorBank([FOUR_FIFTHS], [LOG_C], procedure=Procedure.FDR),
    ],
    ids=["rule", "threshold", "strata", "design effect", "detectors", "procedure"],
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
        ([9.0], {"gates": [1]}),
        ([9.0], {"gates": []}),
        ([9.0], {"log_recovery_threshold": 0.0}),
    ],
)
def test_a_configuration_that_makes_no_sense_is_rejected(log_thresholds: list[float], options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"threshold|needed|gate"):
        DetectorBank([FOUR_FIFTHS], log_thresholds, **options)


@pytest.mark.parametrize(
    ("kind", "limit"), [(RuleKind.RATIO, 0.0), (RuleKind.RATIO, math.inf), (RuleKind.GAP, 1.0), (RuleKind.GAP, -0.1)]
)
def test_a_rule_with_an_invalid_limit_is_rejected(kind: RuleKind, limit: float) -> None:
    with pytest.raises(ValueError, match="limit"):
        RateRule(kind, limit)


@pytest.mark.parametrize(
    ("candidates", "n_model", "message"),
    [
        (pane(6, 5, 5, 5), 100, "between"),
        (np.zeros((1, 2, 4), dtype=np.int64), 100, "shape"),
        (pane(2, 5, 2, 5), None, "n_model"),
        (pane(2, 5, 2, 5), 14, "n_model"),
    ],
)
def test_candidates_that_cannot_be_are_rejected(
    candidates: NDArray[np.int64], n_model: int | None, message: str
) -> None:
    bank = DetectorBank([FOUR_FIFTHS], [LOG_C])
    before = bank.snapshot()
    with pytest.raises(ValueError, match=message):
        bank.update(0, pane(5, 5, 5, 5), n_model, candidates)
    assert bank.snapshot() == before


def test_candidates_alone_lower_the_evidence() -> None:
    bank, known = DetectorBank([FOUR_FIFTHS], [LOG_C]), DetectorBank([FOUR_FIFTHS], [LOG_C])
    for each in (bank, known):
        each.update(0, pane(10, 20, 15, 20), 40)
    bank.update(1, pane(0, 0, 0, 0), 40, pane(10, 40, 10, 40))
    assert bank.log_eproc[0] < known.log_eproc[0]
    fresh = DetectorBank([FOUR_FIFTHS], [LOG_C])
    fresh.update(0, pane(0, 0, 0, 0), 40, pane(10, 40, 10, 40))
    assert not fresh.has_block[0]


def test_rates_are_learned_from_known_decisions_only() -> None:
    seen, with_candidates = (Bettor([FOUR_FIFTHS], n_strata=1, design_effect=1.0) for _ in range(2))
    is_breach = np.zeros(1, np.bool_)
    seen.bet(pane(10, 20, 15, 20), is_breach)
    with_candidates.bet_at_worst(pane(10, 20, 15, 20), pane(3, 9, 3, 9), is_breach)
    with_candidates.bet_at_worst(pane(0, 0, 15, 20), pane(3, 9, 3, 9), is_breach)
    assert np.array_equal(seen.state()[0], with_candidates.state()[0])


def test_candidates_of_strata_lower_the_evidence_of_each() -> None:
    rows = [[20, 50, 40, 50], [10, 30, 20, 30]]
    few, none = [[1, 4, 1, 4], [2, 3, 2, 3]], [[0] * 4] * 2
    banks = [DetectorBank([FOUR_FIFTHS], [LOG_C], n_strata=2) for _ in range(3)]
    for bank, candidates in zip(banks, (few, [few[0], none[1]], none), strict=True):
        bank.update(0, np.array([rows]), 300, np.array([candidates]))
    both, first, neither = (float(bank.log_eproc[0]) for bank in banks)
    assert both < first < neither
