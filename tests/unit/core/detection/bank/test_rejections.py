"""What a bank of detectors rejects: snapshots, panes, configurations and rules."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.procedures import Procedure
from stream_app.core.detection.rules import RateRule, RuleKind
from tests.support.bank_panes import FOUR_FIFTHS, GAP, LOG_C, pane


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
