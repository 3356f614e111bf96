"""Panes of counts for banks of detectors, and everything that can be read of a bank."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.rules import RateRule, RuleKind

FOUR_FIFTHS = RateRule(RuleKind.RATIO, 0.8)
GAP = RateRule(RuleKind.GAP, 0.2)
RULES = [FOUR_FIFTHS, GAP, RateRule(RuleKind.RATIO, 1.0), RateRule(RuleKind.GAP, 0.0)]
LOG_C = math.log(1e8)
READINGS = ("log_sr", "log_eproc", "log_recovery", "onset_s", "is_breach", "breach_onset_s", "has_block")


def pane(*counts: int) -> NDArray[np.int64]:
    """Return one period for one detector: favorable and all decisions of each group."""
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
    """Return everything that can be read of a bank after an update."""
    return {name: getattr(bank, name).tolist() for name in READINGS}
