"""The detectors against streams with known statistics, alarms and onsets (tests/data/detector_golden.json)."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.betting.block import log_e_value
from stream_app.core.detection.betting.null_point import gap_null_point, ratio_null_point
from stream_app.core.detection.rules import RateRule, RuleKind
from tests.support.reference_detector import ReferenceDetector

GOLDEN: dict[str, Any] = json.loads(Path("tests/data/detector_golden.json").read_text())
TOLERANCE = 1e-6
NOTHING_YET = -1e299  # the statistic of a detector that has restarted is below
PANES = {stream["name"]: stream["panes"] for stream in GOLDEN["streams"]}


@dataclass
class Readings:
    """What a bank with one detector said, pane by pane."""

    log_sr: list[float | None]
    log_eproc: list[float]
    changes: list[tuple[bool, int, float, int]]


def fed_to(bank: DetectorBank, panes: list[list[int]]) -> Readings:
    fed = Readings([], [], [])
    for index, pane in enumerate(panes):
        changes = bank.update(index, np.array(pane).reshape(1, 1, 4))
        fed.changes += [(one.to_breach, one.period_start_s, one.log_evidence, one.onset_s) for one in changes]
        fed.log_sr.append(bank.log_sr.item() if bank.log_sr.item() > NOTHING_YET else None)
        fed.log_eproc.append(bank.log_eproc.item())
    return fed


@pytest.mark.parametrize("case", GOLDEN["log_e"], ids=lambda case: f"r{case['r']}-m{case['m']}-ka{case['ka']}")
def test_the_e_value_of_one_block_is_as_known(case: dict[str, Any]) -> None:
    sizes = (case["na"], case["ta"], case["nb"], case["tb"])
    point = gap_null_point(*sizes, -case["m"]) if case["r"] == 1 else ratio_null_point(*sizes, case["r"])
    assert point == pytest.approx(case["null_point"], abs=1e-11)
    block = np.array([case["ka"], case["na"], case["kb"], case["nb"]], dtype=np.float64)
    log_e = log_e_value(block, np.array(case["ta"]), np.array(case["tb"]), *point)
    assert log_e == pytest.approx(case["log_e"], abs=TOLERANCE)


@pytest.mark.parametrize(
    ("name", "run"),
    [
        pytest.param(stream["name"], run, id=f"{stream['name']}-{run['kind']}-{run['limit']}-{run['threshold']:.0e}")
        for stream in GOLDEN["streams"]
        for run in stream["runs"]
    ],
)
def test_a_stream_yields_the_known_statistics_alarms_and_onsets(name: str, run: dict[str, Any]) -> None:
    rule = RateRule(RuleKind(run["kind"]), run["limit"])
    fed = fed_to(DetectorBank([rule], [math.log(run["threshold"])], has_lifecycle=False), PANES[name])
    assert fed.log_sr == pytest.approx(run["log_sr"], abs=TOLERANCE)
    assert fed.log_eproc == pytest.approx(run["log_eproc"], abs=TOLERANCE)
    assert [(pane, onset) for _, pane, _, onset in fed.changes] == [(pane, onset) for pane, _, onset in run["alarms"]]
    assert [log_r for _, _, log_r, _ in fed.changes] == pytest.approx(
        [log_r for _, log_r, _ in run["alarms"]], abs=TOLERANCE
    )


@pytest.mark.parametrize("limit", [0.8, 1.0])
@pytest.mark.parametrize("kind", [RuleKind.RATIO, RuleKind.GAP])
@pytest.mark.parametrize("seed", range(6))
def test_a_detector_equals_the_reference_in_plain_python(seed: int, kind: RuleKind, limit: float) -> None:
    rng = np.random.default_rng(seed)
    limit = limit if kind is RuleKind.RATIO else limit - 0.8
    n = rng.poisson(rng.choice([0.7, 3, 40], (80, 1)), (80, 2))  # many periods lack a group
    k = rng.binomial(n, np.array([0.3, 0.7]))
    n_model = n.sum(axis=1) + rng.poisson(20, 80)
    log_c = math.log(1e4)
    bank = DetectorBank([RateRule(kind, limit)], [log_c], has_lifecycle=False)
    reference = ReferenceDetector(kind is RuleKind.RATIO, limit, log_c)
    for at in range(80):
        counts = (int(k[at, 0]), int(n[at, 0]), int(k[at, 1]), int(n[at, 1]))
        alarms = bank.update(at, np.array(counts).reshape(1, 1, 4), int(n_model[at]))
        n_before = len(reference.alarms)
        reference.feed(*counts, n_model=int(n_model[at]))
        log_sr = bank.log_sr.item() if bank.log_sr.item() > NOTHING_YET else None
        assert log_sr == (None if reference.log_sr[-1] is None else pytest.approx(reference.log_sr[-1], abs=1e-8))
        assert [(alarm.period_start_s, alarm.onset_s) for alarm in alarms] == [
            (at, onset) for at, _, onset in reference.alarms[n_before:]
        ]


def test_a_breach_recovers_once_the_rule_is_kept_again() -> None:
    golden = GOLDEN["lifecycle_rule"]
    bank = DetectorBank([RateRule(RuleKind(golden["kind"]), golden["limit"])], [math.log(1e8)])
    fed = fed_to(bank, PANES[golden["stream"]])
    expected = [(name == "breach", pane, log_r, onset) for name, pane, log_r, onset in golden["events"]]
    assert [(to, pane, onset) for to, pane, _, onset in fed.changes] == [(to, at, on) for to, at, _, on in expected]
    assert [log_r for *_, log_r, _ in fed.changes] == pytest.approx([log_r for *_, log_r, _ in expected], abs=TOLERANCE)


@pytest.mark.parametrize("name", sorted(PANES))
def test_a_row_of_a_bank_equals_a_bank_of_one(name: str) -> None:
    runs = next(stream["runs"] for stream in GOLDEN["streams"] if stream["name"] == name)
    rules = [RateRule(RuleKind(run["kind"]), run["limit"]) for run in runs]
    log_thresholds = [math.log(run["threshold"]) for run in runs]
    bank = DetectorBank(rules, log_thresholds)
    singles = [DetectorBank([rule], [low]) for rule, low in zip(rules, log_thresholds, strict=True)]
    for index, pane in enumerate(PANES[name]):
        counts = np.array(pane).reshape(1, 1, 4)
        bank.update(index, np.repeat(counts, len(rules), axis=0))
        for single in singles:
            single.update(index, counts)
        for field in ("log_sr", "log_eproc", "log_recovery"):
            alone = [getattr(single, field).item() for single in singles]
            assert getattr(bank, field).tolist() == pytest.approx(alone, rel=1e-12, abs=1e-12)
        for field in ("is_breach", "has_block", "onset_s", "breach_onset_s"):
            assert getattr(bank, field).tolist() == [getattr(single, field).item() for single in singles]


@pytest.mark.parametrize("name", sorted(PANES))
def test_a_bank_restored_at_every_pane_goes_on_bit_for_bit(name: str) -> None:
    rules = [
        RateRule(RuleKind.RATIO, 0.8),
        RateRule(RuleKind.RATIO, 1.0),
        RateRule(RuleKind.GAP, 0.1),
        RateRule(RuleKind.GAP, 0.0),
    ]
    log_thresholds = [math.log(1e4)] * len(rules)
    bank = DetectorBank(rules, log_thresholds)
    for index, pane in enumerate(PANES[name]):
        restored = DetectorBank(rules, log_thresholds)
        restored.restore(bank.snapshot())
        assert restored.snapshot() == bank.snapshot()
        counts = np.repeat(np.array(pane).reshape(1, 1, 4), len(rules), axis=0)
        assert restored.update(index, counts) == bank.update(index, counts)
        assert restored.snapshot() == bank.snapshot()
